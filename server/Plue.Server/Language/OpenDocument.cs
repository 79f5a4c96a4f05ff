using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Language;

/// <summary>A range of a text, in UTF-16 units.</summary>
internal readonly record struct TextSpan(int Start, int End)
{
    public static TextSpan Of(Json5Span span) => new(span.Start, span.End);

    public bool Contains(int offset) => Start <= offset && offset <= End;
}

/// <summary>A text change with a range from 0; without a range, the entire text is replaced.</summary>
internal sealed record TextChange(string Text, (int Line, int Character)? Start = null, (int Line, int Character)? End = null);

/// <summary>A file in the editor or on disk. Immutable: each version is a new instance, parsed on first use.</summary>
/// <param name="version">The version in the editor; 0 for a file on disk.</param>
internal sealed class OpenDocument(DocumentLocation place, string text, int version)
{
    private readonly Lazy<Json5Lines> lines = new(() => new Json5Lines(text));
    private Json5Document? json5;
    private readonly Lazy<FrontMatter> frontMatter = new(() => FrontMatter.Parse(text));

    public DocumentLocation Location => place;
    public string Text => text;
    public int Version => version;
    public Json5Lines Lines => lines.Value;
    public Json5Document Json5 => LazyInitializer.EnsureInitialized(ref json5, () => Json5Reader.Read(text, Lines));
    public FrontMatter FrontMatter => frontMatter.Value;

    /// <summary>True if the file is too large to parse; then this is its only diagnostic.</summary>
    public bool IsTooLarge => text.Length > Json5Reader.MaxBytes;

    public Json5Object Root => Json5.Root as Json5Object ?? Json5Object.Empty;

    public byte[] Bytes => Encoding.UTF8.GetBytes(text);

    public string this[TextSpan piece] => text[piece.Start..piece.End];

    /// <summary>Applies changes in order, each to the text after the previous one. A position beyond the text is its end.</summary>
    public OpenDocument With(IReadOnlyList<TextChange> changes, int newVersion)
    {
        var (changed, at) = (text, Lines);
        foreach (var change in changes)
        {
            if (change is { Start: { } first, End: { } last })
            {
                var start = at.IndexAt(first.Line + 1, first.Character + 1);
                var end = Math.Max(start, at.IndexAt(last.Line + 1, last.Character + 1));
                changed = string.Concat(changed.AsSpan(0, start), change.Text, changed.AsSpan(end));
            }
            else
            {
                changed = change.Text;
            }

            at = changes.Count == 1 ? at : new Json5Lines(changed);
        }

        return new OpenDocument(place, changed, newVersion);
    }
}
