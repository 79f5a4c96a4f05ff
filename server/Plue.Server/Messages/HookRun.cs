namespace Plue.Server.Messages;

/// <summary>The result of a hook's command.</summary>
public enum HookResult
{
    Ran,

    /// <summary>It denied the action.</summary>
    Refused,

    /// <summary>It requested the user's approval.</summary>
    Asked,

    /// <summary>It replaced the arguments of a call.</summary>
    Replaced,

    /// <summary>It added text for the model.</summary>
    AddedContext,

    /// <summary>It let the model continue.</summary>
    Continued,

    Failed,

    /// <summary>It did not run, for example because it is not approved.</summary>
    Skipped,
}

/// <summary>A run of a hook's command in a chat or task, stored with the message that triggered it.</summary>
/// <param name="Name">The display name.</param>
/// <param name="Trigger">The trigger as written in files.</param>
/// <param name="Duration">The run time of the command.</param>
/// <param name="Text">The reason, the failure, or the text for the user; null for none.</param>
public sealed record HookRun(string Name, string Trigger, HookResult Result, TimeSpan Duration, string? Text = null)
{
    /// <summary>The id of the tool call that triggered it; null for none.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>The text that it added for the model; null for none.</summary>
    public string? Context { get; init; }

    /// <summary>The added text as it is sent to the model; null for none.</summary>
    public string? SentContext => Context is null ? null : $"[Hook {Name}: {Context}]";

    /// <summary>The arguments, as JSON, that replaced those of the model; null for none.</summary>
    public string? Parameters { get; init; }
}
