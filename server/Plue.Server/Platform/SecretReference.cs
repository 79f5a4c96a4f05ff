namespace Plue.Server.Platform;

/// <summary>References to secrets: <c>vault://owner/name</c> or <c>env://NAME</c>. A reference is not secret itself.</summary>
internal static class SecretReference
{
    public const string VaultScheme = "vault://";
    public const string EnvironmentScheme = "env://";

    /// <summary>True if the text is a reference and nothing else.</summary>
    public static bool IsReference(string? text) => (IsVault(text) || IsEnvironment(text)) && !text!.Any(char.IsWhiteSpace);

    public static bool IsVault(string? text) => text?.StartsWith(VaultScheme, StringComparison.Ordinal) == true;

    public static bool IsEnvironment(string? text) => text?.StartsWith(EnvironmentScheme, StringComparison.Ordinal) == true;

    /// <summary>Splits a value with a reference, optionally after a word, as in headers: <c>Bearer vault://owner/name</c>.</summary>
    /// <returns>The text before the reference, including the space, and the reference; null if there is none.</returns>
    public static (string Before, string Reference)? FindIn(string text)
    {
        var trimmed = text.Trim();
        var at = trimmed.LastIndexOf(' ') + 1;
        return IsReference(trimmed[at..]) ? (trimmed[..at], trimmed[at..]) : null;
    }
}
