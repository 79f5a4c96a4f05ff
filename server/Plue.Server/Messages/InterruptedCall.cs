namespace Plue.Server.Messages;

/// <summary>A tool call that was cut off: how much of it was done is unknown.</summary>
public static class InterruptedCall
{
    public const string Unknown = "It may have run partly or completely: check before you run it again.";

    /// <summary>For the model, where no cause is known.</summary>
    public const string Error = "Interrupted. " + Unknown;
}
