namespace Plue.Server.Providers;

/// <summary>The capabilities of a provider, which code checks instead of the vendor. The defaults describe a hosted API with a key.</summary>
public sealed record ProviderCapabilities
{
    public static readonly ProviderCapabilities Default = new();

    /// <summary>Requests may declare tools. <see cref="ModelInfo.SupportsTools"/> specifies whether a model calls them.</summary>
    public bool Tools { get; init; } = true;

    /// <summary>Requests may contain images. <see cref="ModelInfo.SupportsVision"/> specifies whether a model supports them.</summary>
    public bool Images { get; init; } = true;

    /// <summary>It has fill-in-the-middle models and is an <see cref="IInlineCompletionProvider"/>.</summary>
    public bool InlineCompletions { get; init; }

    /// <summary>The vendor searches the web; the provider is an <see cref="IWebSearchProvider"/>.</summary>
    public bool WebSearch { get; init; }

    /// <summary>A part of the names of models that reject GIF images; null if there are none.</summary>
    public string? ModelsWithoutGif { get; init; }

    /// <summary>It keeps the conversation between requests in its own context window, so Plue does not compact it.</summary>
    public bool OwnHistory { get; init; }

    /// <summary>It runs its own tool loop through <see cref="IToolHost"/>. Its usage includes all rounds.</summary>
    public bool OwnToolLoop { get; init; }

    /// <summary>It loads the skills of the user and the workspace itself, so it receives neither the list nor the tool to load one.</summary>
    public bool OwnSkills { get; init; }

    /// <summary>It runs the hooks in the settings of Claude Code itself, so Plue does not run them again.</summary>
    public bool OwnHooks { get; init; }

    /// <summary>The program's own settings, which it uses if the user allows it; null if it has none.</summary>
    public OwnSettings? OwnSettings { get; init; }

    /// <summary>It is an agent that works on the workspace with its own tools, through <see cref="IAgentHost"/>.</summary>
    public bool IsAgent { get; init; }

    /// <summary>It retries failed requests itself.</summary>
    public bool OwnRetries { get; init; }

    /// <summary>It rejects requests without a key. False for servers that may not need one.</summary>
    public bool NeedsKey { get; init; } = true;

    /// <summary>It replays recordings and cannot do any work.</summary>
    public bool IsDemo { get; init; }

    /// <summary>Responses are free of charge.</summary>
    public bool IsFree { get; init; }

    /// <summary>Models run on the user's hardware and can change at any time.</summary>
    public bool IsLocal { get; init; }

    /// <summary>A model that is not in its list does not exist. False if names include deployments, aliases or profiles.</summary>
    public bool ListsAllModels { get; init; }

    /// <summary>Its models are the editor's, which asks the user for access. They are not offered to the editor again.</summary>
    public bool IsOfEditor { get; init; }

    /// <summary>It is a program that the user names and approves. It receives its provider's id and key.</summary>
    public bool IsUserProgram { get; init; }

    public bool SupportsGif(string model) => ModelsWithoutGif is not { } part || !model.Contains(part, StringComparison.OrdinalIgnoreCase);
}

/// <param name="Program">The program, for the user.</param>
/// <param name="Command">The command line with which it uses its settings.</param>
/// <param name="Files">The files of a workspace folder in which it names programs to run.</param>
public sealed record OwnSettings(string Program, string Command, IReadOnlyList<string> Files);
