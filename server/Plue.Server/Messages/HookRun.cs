namespace Plue.Server.Messages;

/// <summary>What came of the command of a hook.</summary>
public enum HookResult
{
    Ran,

    /// <summary>It refused what it was asked about.</summary>
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

/// <summary>A hook of a chat or task that ran a command, stored with the message that it was about.</summary>
/// <param name="Name">For the user.</param>
/// <param name="Trigger">As files write it.</param>
/// <param name="Duration">How long the command ran.</param>
/// <param name="Text">The reason, the failure, or the text for the user; null for none.</param>
public sealed record HookRun(string Name, string Trigger, HookResult Result, TimeSpan Duration, string? Text = null)
{
    /// <summary>The call that it was about; null for none.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>The text that it added for the model; null for none.</summary>
    public string? Context { get; init; }

    /// <summary>As it is sent; null for none.</summary>
    public string? SentContext => Context is null ? null : $"[Hook {Name}: {Context}]";

    /// <summary>The arguments that ran in place of those of the model, as JSON; null if it replaced none.</summary>
    public string? Parameters { get; init; }
}
