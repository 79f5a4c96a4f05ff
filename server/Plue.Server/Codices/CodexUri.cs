using System.Diagnostics.CodeAnalysis;
using Plue.Server.Messages;

namespace Plue.Server.Codices;

public enum CodexCollection
{
    Providers,
    Chats,
    Tasks,
    Prompts,
    Templates,
    Items,
    Settings,
}

/// <summary>
/// An address of the form <c>codex://COLLECTION/NAME</c>. A name is safe as a file name on every system: it starts with a letter or digit and contains only
/// lowercase ASCII letters, digits, dots, underscores and hyphens, so it cannot escape a folder, and no two names look alike or differ only in case.
/// A prompt name has no <c>.md</c>: <c>codex://prompts/x.md</c> is parsed as <c>codex://prompts/x</c>.
/// </summary>
internal sealed record CodexUri
{
    public const int MaxNameLength = 128;
    private const string Scheme = "codex://";
    private const string MarkdownExtension = ".md";

    /// <summary>In the order of <see cref="CodexCollection"/>.</summary>
    private static readonly string[] Folders = ["providers", "chats", "tasks", "prompts", "templates", "items", "settings"];

    private CodexUri(CodexCollection collection, string name) => (Collection, Name) = (collection, name);

    public CodexCollection Collection { get; }

    public string Name { get; }

    /// <exception cref="FailureException">NotFound: the name is invalid.</exception>
    public static CodexUri Of(CodexCollection collection, string name) =>
        TryOf(collection, name, out var uri)
            ? uri
            : throw new FailureException(
                FailureKind.NotFound,
                $"The name is not valid in {Folder(collection)}. Use up to {MaxNameLength} lower-case letters, digits, dots, underscores and hyphens, and begin with a letter or digit."
            );

    /// <param name="id">The id of a chat or task; its prefix selects the collection.</param>
    public static CodexUri OfChannel(string id) =>
        Of(id.StartsWith("task_", StringComparison.Ordinal) ? CodexCollection.Tasks : CodexCollection.Chats, id);

    public static bool TryOf(CodexCollection collection, string? name, [NotNullWhen(true)] out CodexUri? uri)
    {
        uri = null;
        if (name is null)
        {
            return false;
        }

        if (collection == CodexCollection.Prompts && name.EndsWith(MarkdownExtension, StringComparison.Ordinal))
        {
            name = name[..^MarkdownExtension.Length];
            if (name.EndsWith(MarkdownExtension, StringComparison.Ordinal))
            {
                return false;
            }
        }

        if (!IsName(name))
        {
            return false;
        }

        uri = new CodexUri(collection, name);
        return true;
    }

    /// <exception cref="FailureException">NotFound: the text is not an address.</exception>
    public static CodexUri Parse(string text) =>
        TryParse(text, out var uri)
            ? uri
            : throw new FailureException(
                FailureKind.NotFound,
                "The address must have the form codex://COLLECTION/NAME. Correct the reference."
            );

    public static bool TryParse(string? text, [NotNullWhen(true)] out CodexUri? uri)
    {
        uri = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }

        var slash = text.IndexOf('/', Scheme.Length);
        var collection = slash < 0 ? -1 : Array.IndexOf(Folders, text[Scheme.Length..slash]);
        return collection >= 0 && TryOf((CodexCollection)collection, text[(slash + 1)..], out uri);
    }

    public override string ToString() => $"{Scheme}{Folder(Collection)}/{Name}";

    private static string Folder(CodexCollection collection) => Folders[(int)collection];

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && IsLetterOrDigit(name[0])
        && name.All(c => IsLetterOrDigit(c) || c is '.' or '_' or '-')
        && !name.Contains("..", StringComparison.Ordinal)
        && name[^1] != '.'
        && !IsDevice(name.Split('.')[0]);

    /// <summary>True for device names, which Windows opens instead of a file, regardless of the extension.</summary>
    private static bool IsDevice(string name) =>
        name is "con" or "prn" or "aux" or "nul" or ['c', 'o', 'm', >= '0' and <= '9'] or ['l', 'p', 't', >= '0' and <= '9'];

    private static bool IsLetterOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9');
}
