namespace Plue.Server.Platform;

/// <summary>Takes secrets out of text. Safe to use from any thread.</summary>
public interface ITextMask
{
    /// <summary>Nothing is secret: every text stays as it is.</summary>
    bool IsEmpty { get; }

    /// <summary>The text itself when nothing in it is secret.</summary>
    string Mask(string text);

    /// <summary>
    /// How many of its first characters can be masked before the rest of a growing text is known: no secret begins among them and
    /// ends behind them. What follows may be the beginning of one.
    /// </summary>
    int StableLength(string text);
}
