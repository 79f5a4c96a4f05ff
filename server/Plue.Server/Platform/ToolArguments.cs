namespace Plue.Server.Platform;

/// <summary>What a model may send with one call of a tool, whichever provider it comes from.</summary>
public static class ToolArguments
{
    /// <summary>Characters of JSON. No model writes as much in one answer.</summary>
    public const int MaxLength = 1024 * 1024;

    public const string TooLong = "The arguments of this call are longer than 1 MiB, so they were not read to the end. Nothing was done. Send less at once: write a long file in parts, or have a command make it.";

    public const string HalfCharacter = "The arguments have half a character in them (one half of a surrogate pair). Nothing was done. Send the call again with whole characters.";

    /// <returns>Why arguments are not taken, as a sentence for the model; null when they are.</returns>
    public static string? ErrorIn(string json) => json.Length > MaxLength ? TooLong : LoneSurrogates.ExistIn(json) ? HalfCharacter : null;
}
