namespace Plue.Server.Permissions;

/// <summary>The commands that a shell line would run.</summary>
/// <param name="Commands">In order; those before the obstacle where there is one.</param>
/// <param name="Canonical">The line in normalized form, so that equal lines have equal text; null if there is none.</param>
/// <param name="Unsupported">Why it cannot be reduced to literal commands; null when it was.</param>
public sealed record ShellParseResult(IReadOnlyList<ShellCommand> Commands, string? Canonical, UnsupportedSyntax? Unsupported);

/// <param name="What">A part of a sentence: <c>it uses a variable</c>.</param>
/// <param name="At">The character, counted from 0.</param>
public sealed record UnsupportedSyntax(string What, int At);

/// <summary>How a command is joined to the one before it.</summary>
public enum ShellOperator
{
    First,
    Then,
    And,
    Or,
    Pipe,
}

/// <summary>One literal command.</summary>
/// <param name="Words">Without quotes; the first is the program. Empty for redirects on their own.</param>
/// <param name="DirectoryChanges">The targets of every <c>cd</c> run before it, in order; null when which they are depends on how something ends.</param>
public sealed record ShellCommand(
    IReadOnlyList<string> Words,
    IReadOnlyList<ShellRedirect> Redirects,
    IReadOnlyList<string>? DirectoryChanges,
    ShellOperator Operator
)
{
    /// <summary>Its words with a single space between them, quoted where that is needed: equal commands are equal texts.</summary>
    public string Text => Join(Words);

    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    internal static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "_@%+=:,./-".Contains(letter, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

public enum RedirectKind
{
    Read,
    Write,
}

/// <summary>A file that a command reads from or writes to. What only joins descriptors, or gives text, is none.</summary>
public sealed record ShellRedirect(RedirectKind Kind, string Target);
