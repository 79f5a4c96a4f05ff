namespace Plue.Server.Providers;

/// <summary>What a provider can do. Callers ask for these instead of for a vendor. The defaults describe a hosted API with a key.</summary>
public sealed record ProviderCapabilities
{
    public static readonly ProviderCapabilities Default = new();

    /// <summary>Requests may declare tools. Whether a model calls them is in <see cref="ModelInfo.SupportsTools"/>.</summary>
    public bool Tools { get; init; } = true;

    /// <summary>Requests may carry images. Whether a model reads them is in <see cref="ModelInfo.SupportsVision"/>.</summary>
    public bool Images { get; init; } = true;

    /// <summary>Has models that fill in the middle: it is an <see cref="IInlineCompletionProvider"/>.</summary>
    public bool InlineCompletions { get; init; }

    /// <summary>The vendor searches the web: it is an <see cref="IWebSearchProvider"/>.</summary>
    public bool WebSearch { get; init; }

    /// <summary>Part of the names of the models that reject GIF images; null if none does.</summary>
    public string? ModelsWithoutGif { get; init; }

    /// <summary>Keeps the conversation between requests in a context window of its own, so Plue does not compact it.</summary>
    public bool OwnHistory { get; init; }

    /// <summary>Calls tools and asks its model again by itself, through <see cref="IToolHost"/>. Its usage counts all rounds.</summary>
    public bool OwnToolLoop { get; init; }

    /// <summary>Loads skills by itself from the folders of the user and the workspace, so it gets no list of them and no tool to load one.</summary>
    public bool OwnSkills { get; init; }

    /// <summary>Runs the hooks in the settings of Claude Code by itself, so Plue does not run them a second time.</summary>
    public bool OwnHooks { get; init; }

    /// <summary>Is an agent that works on the workspace with tools of its own, through <see cref="IAgentHost"/>.</summary>
    public bool IsAgent { get; init; }

    /// <summary>Retries failed requests itself.</summary>
    public bool OwnRetries { get; init; }

    /// <summary>Rejects requests without a key. False for servers that may run without one.</summary>
    public bool NeedsKey { get; init; } = true;

    /// <summary>Replays recordings, so it cannot do any work.</summary>
    public bool IsDemo { get; init; }

    /// <summary>Responses cost tokens and time but no money.</summary>
    public bool IsFree { get; init; }

    /// <summary>Models run on the user's own hardware and change at any time.</summary>
    public bool IsLocal { get; init; }

    /// <summary>A model that is not in its list does not exist. False where names include deployments, aliases or profiles.</summary>
    public bool ListsAllModels { get; init; }

    /// <summary>Its models are the editor's, which asks the user who may use them. They are not offered back to the editor.</summary>
    public bool IsOfEditor { get; init; }

    /// <summary>Is a program that the user names and approves. It receives its provider's id and its key.</summary>
    public bool IsUserProgram { get; init; }

    public bool TakesGif(string model) => ModelsWithoutGif is not { } part || !model.Contains(part, StringComparison.OrdinalIgnoreCase);
}
