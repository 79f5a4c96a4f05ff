namespace Plue.Server.Platform;

/// <summary>Checks the arguments of a tool call, independent of the provider.</summary>
internal static class ToolArguments
{
    /// <summary>The maximum length of the JSON in characters. No model writes as much in one response.</summary>
    public const int MaxLength = 1024 * 1024;

    public const string TooLong =
        "The arguments of this call are longer than 1 MiB, so they were truncated. Nothing was done. Send less at once: write a long file in parts, or create it with a command.";

    public const string NotAnObject =
        "The arguments of this call are not a JSON object. Nothing was done. Send the call again with one complete JSON object.";

    public const string HalfCharacter =
        "The arguments contain half of a surrogate pair. Nothing was done. Send the call again with complete characters.";

    /// <returns>The reason for rejecting the arguments, as a sentence for the model; null if they are valid.</returns>
    public static string? ErrorIn(string json) =>
        json.Length > MaxLength ? TooLong
        : LoneSurrogates.ExistIn(json) ? HalfCharacter
        : null;
}
