namespace Plue.Server.Providers.Acp;

/// <summary>Words as a line for a POSIX shell.</summary>
internal static class ShellLine
{
    public static string Of(IEnumerable<string> words) => string.Join(' ', words.Select(Quoted));

    public static string Quoted(string word) =>
        word.Length > 0
        && word.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' or ':' or '=' or ',' or '@' or '+')
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
