using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>A message to be sent.</summary>
internal sealed record Draft(string Text)
{
    /// <summary>Gets the attachments, read and checked; null if none were specified.</summary>
    public IReadOnlyList<MessagePart.File>? Files { get; init; }

    /// <summary>Gets the provider; null uses the chat's.</summary>
    public string? ProviderId { get; init; }
    public string? Model { get; init; }
    public MessageRole Role { get; init; } = MessageRole.User;

    /// <summary>False to store the message without requesting a response.</summary>
    public bool WantsResponse { get; init; } = true;
}

/// <param name="TurnId">Null if no response was started.</param>
/// <param name="IsQueued">True if the message waits for the running response.</param>
internal sealed record Sent(string MessageId, string? TurnId, bool IsQueued = false);
