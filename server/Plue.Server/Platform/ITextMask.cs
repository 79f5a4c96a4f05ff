namespace Plue.Server.Platform;

/// <summary>Masks secrets in text. Thread-safe.</summary>
public interface ITextMask
{
    /// <summary>True if there are no secrets, so that texts do not change.</summary>
    bool IsEmpty { get; }

    /// <summary>Returns the text with secrets masked; the same instance if it contains none.</summary>
    string Mask(string text);

    /// <summary>
    /// Gets the length of the prefix of a growing text that can be masked before the rest is known: no secret starts in it and
    /// ends after it. The remaining text may be the start of a secret.
    /// </summary>
    int StableLength(string text);
}
