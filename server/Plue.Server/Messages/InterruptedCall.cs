namespace Plue.Server.Messages;

/// <summary>A tool call that was interrupted. It is unknown how much of it was completed.</summary>
internal static class InterruptedCall
{
    public const string Unknown = "It may have run partly or completely: check before you run it again.";

    /// <summary>The error for the model if the cause is unknown.</summary>
    public const string Error = "Interrupted. " + Unknown;
}
