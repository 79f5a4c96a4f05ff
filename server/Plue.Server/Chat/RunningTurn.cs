using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What is under way in a conversation: an answer, or work that ends like one. The conversation's gate guards what changes.</summary>
internal sealed class RunningTurn(string id, string parentId)
{
    /// <summary>How many hooks led to it.</summary>
    public int Depth { get; init; }
    public string Id => id;
    /// <summary>The message that the answer follows: the question, or the summary that was made for it.</summary>
    public string ParentId { get; set; } = parentId;
    /// <summary>Null for work that is no answer.</summary>
    public Turn? Turn { get; init; }
    public CancellationTokenSource Stop { get; } = new();
    /// <summary>Why it was stopped, when it was not the user.</summary>
    public Failure? StoppedFor { get; set; }
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
