namespace Plue.Server.Platform;

/// <summary>Cuts texts by UTF-16 units, never between the halves of a character.</summary>
internal static class TextCut
{
    public static string Head(string text, int maxLength) =>
        text.Length <= maxLength ? text : text[..(maxLength > 0 && char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];

    public static string Tail(string text, int maxLength) =>
        text.Length <= maxLength
            ? text
            : text[(char.IsLowSurrogate(text[^maxLength]) ? text.Length - maxLength + 1 : text.Length - maxLength)..];
}
