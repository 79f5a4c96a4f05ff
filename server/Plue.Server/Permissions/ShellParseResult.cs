namespace Plue.Server.Permissions;

/// <summary>The commands of a parsed shell line.</summary>
/// <param name="Commands">In order; only those before unsupported syntax, if there is any.</param>
/// <param name="Canonical">The line in normalized form, so that equal lines have equal text; null if there is none.</param>
/// <param name="Unsupported">Why the line cannot be reduced to literal commands; null if it can.</param>
internal sealed record ShellParseResult(IReadOnlyList<ShellCommand> Commands, string? Canonical, UnsupportedSyntax? Unsupported);

/// <param name="What">A part of a sentence, such as <c>it uses a variable</c>.</param>
/// <param name="At">The character position, from 0.</param>
internal sealed record UnsupportedSyntax(string What, int At);

internal enum ShellOperator
{
    First,
    Then,
    And,
    Or,
    Pipe,
}

/// <summary>One literal command.</summary>
/// <param name="Words">Without quotes; the first is the program. Empty for redirects without a command.</param>
/// <param name="DirectoryChanges">The targets of all <c>cd</c> commands before it, in order; null if they depend on the outcome of a command.</param>
internal sealed record ShellCommand(
    IReadOnlyList<string> Words,
    IReadOnlyList<ShellRedirect> Redirects,
    IReadOnlyList<string>? DirectoryChanges,
    ShellOperator Operator
)
{
    /// <summary>Gets the words separated by single spaces and quoted if needed, so that equal commands have equal text.</summary>
    public string Text => Join(Words);

    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    internal static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "_@%+=:,./-".Contains(letter, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

internal enum RedirectKind
{
    Read,
    Write,
}

/// <summary>A file that a command reads or writes. Redirects between descriptors and here-documents are not included.</summary>
internal sealed record ShellRedirect(RedirectKind Kind, string Target);
