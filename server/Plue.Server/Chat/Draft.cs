using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What somebody is about to say.</summary>
public sealed record Draft(string Text)
{
    /// <summary>What goes with it, read and checked; null where nothing was said of files.</summary>
    public IReadOnlyList<MessagePart.File>? Files { get; init; }

    /// <summary>Null leaves the chat's.</summary>
    public string? ProviderId { get; init; }
    public string? Model { get; init; }
    public MessageRole Role { get; init; } = MessageRole.User;

    /// <summary>False only stores it.</summary>
    public bool WantsAnswer { get; init; } = true;
}

/// <param name="TurnId">Null when nothing answers.</param>
/// <param name="IsQueued">It waits for the answer under way.</param>
public sealed record Sent(string MessageId, string? TurnId, bool IsQueued = false);
