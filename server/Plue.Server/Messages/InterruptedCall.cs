namespace Plue.Server.Messages;

/// <summary>A tool call that was cut off: nobody knows how much of it was done.</summary>
public static class InterruptedCall
{
    public const string Unknown = "It may have been done in part or as a whole: look before you do it again.";

    /// <summary>For the model, where no cause is known.</summary>
    public const string Error = "Interrupted. " + Unknown;
}
