namespace Plue.Server.Platform;

/// <summary>Takes secrets out of text. Safe to use from any thread.</summary>
public interface ITextMask
{
    /// <summary>True if there are no secrets, so that texts do not change.</summary>
    bool IsEmpty { get; }

    /// <summary>The text itself when nothing in it is secret.</summary>
    string Mask(string text);

    /// <summary>
    /// Gets the length of the prefix of a growing text that can be masked before the rest is known: no secret starts in it and
    /// ends behind them. What follows may be the beginning of one.
    /// </summary>
    int StableLength(string text);
}
