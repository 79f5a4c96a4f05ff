namespace Plue.Protocol;

/// <summary>A command that an agent started in the background.</summary>
public sealed record BackgroundCommandView
{
    public required string Id { get; init; }

    /// <summary>The chat or task that owns it.</summary>
    public required string CodexId { get; init; }

    /// <summary>The command line.</summary>
    public required string Command { get; init; }
    public required string Folder { get; init; }
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>It runs on when its chat or task ends.</summary>
    public required bool IsKept { get; init; }
    public required bool IsRunning { get; init; }

    /// <summary>Null while it runs, and if it was stopped.</summary>
    public int? ExitCode { get; init; }
}

/// <param name="CodexId">Null lists the commands of all chats and tasks.</param>
public sealed record BackgroundListParams(string? CodexId);

public sealed record BackgroundListResult(IReadOnlyList<BackgroundCommandView> Commands);

public sealed record BackgroundIdParams(string Id);

/// <param name="From">A position of an earlier result; 0 for the beginning.</param>
public sealed record BackgroundReadParams(string Id, long From);

/// <param name="Text">Output, without terminal sequences and with secrets masked.</param>
/// <param name="Next">The position after the text.</param>
/// <param name="Omitted">The number of characters before the text that are no longer in memory.</param>
/// <param name="Status">How it ended, as a line; null while it runs.</param>
public sealed record BackgroundReadResult(string Text, long Next, long Omitted, string? Status);

/// <param name="Text">Lines that the user typed.</param>
public sealed record BackgroundSendParams(string Id, string Text);

/// <param name="Keep">Whether it runs on when its chat or task ends.</param>
public sealed record BackgroundKeepParams(string Id, bool Keep);

/// <param name="Commands">All commands of the chat or task.</param>
public sealed record BackgroundChangedParams(string CodexId, IReadOnlyList<BackgroundCommandView> Commands);
