using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>What a line of a chat's journal changed, as far as it can be shown without looking at the whole chat anew.</summary>
public abstract record ChatNews
{
    private ChatNews() { }

    /// <summary>An answer was begun at the end of the branch that is shown.</summary>
    public sealed record Begun(Message Message) : ChatNews;

    /// <param name="PartIndex">Of the message as <see cref="StoredChat"/> shows it.</param>
    public sealed record Text(string MessageId, int PartIndex, bool IsReasoning, string Content) : ChatNews;

    /// <summary>A begun answer is whole.</summary>
    public sealed record Ended(Message Message) : ChatNews;

    /// <summary>A whole message came to the end of the branch that is shown.</summary>
    public sealed record Added(Message Message) : ChatNews;

    /// <summary>Title, choice of model and the like.</summary>
    public sealed record Fields : ChatNews;

    /// <summary>Anything else.</summary>
    public sealed record Other : ChatNews;
}
