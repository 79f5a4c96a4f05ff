namespace Plue.Server.Messages;

/// <summary>A tool call that was cut off: nobody knows how much of it was done.</summary>
public static class InterruptedCall
{
    public const string Unknown = "It may have run partly or completely: check before you run it again.";

    /// <summary>For the model, where no cause is known.</summary>
    public const string Error = "Interrupted. " + Unknown;
}
