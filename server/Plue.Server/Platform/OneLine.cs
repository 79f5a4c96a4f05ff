namespace Plue.Server.Platform;

/// <summary>A text on one line, with single spaces.</summary>
internal static class OneLine
{
    public static string Of(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
