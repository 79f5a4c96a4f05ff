using System.Text;
using System.Text.Json;

namespace Plue.Server.Store;

/// <summary>A query made ready for the bytes of journals. Made once for a search; any thread may ask.</summary>
internal sealed class JournalQuery
{
    private const int PartDepth = 4; // record, message, parts, part
    private readonly EscapedTerm[] terms;
    private readonly byte[][] members;

    public JournalQuery(SearchQuery query)
    {
        Query = query;
        terms = [.. query.Terms.Select(term => new EscapedTerm(term))];
        List<string> sure = [];
        if (query.Role is { } role) { sure.Add($"\"role\":\"{Names<Messages.MessageRole>.Of(role)}\""); }
        if (query.Status is { } status) { sure.Add($"\"status\":\"{Names<Messages.MessageStatus>.Of(status)}\""); }
        members = [.. sure.Select(Encoding.UTF8.GetBytes)];
    }

    public SearchQuery Query { get; }

    /// <summary>False when this record of a message cannot be what is asked for.</summary>
    public bool MayBeIn(ReadOnlySpan<byte> json)
    {
        foreach (var term in terms)
        {
            if (!term.MayBeIn(json)) { return false; }
        }

        foreach (var member in members)
        {
            if (json.IndexOf(member) < 0) { return false; }
        }

        return terms.Length == 0 || MayBeInTexts(json);
    }

    /// <summary>The same for the texts alone, so that a word that is also a member's name costs little.</summary>
    private bool MayBeInTexts(ReadOnlySpan<byte> json)
    {
        Span<bool> seen = stackalloc bool[SearchTerms.LongestText];
        seen = seen[..terms.Length];
        var reader = new Utf8JsonReader(json);
        var isText = false;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName) { isText = reader.CurrentDepth == PartDepth && IsText(ref reader); }
                else if (reader.TokenType == JsonTokenType.String && isText) { Look(reader.ValueSpan, seen); }
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return !seen.Contains(false);
    }

    private void Look(ReadOnlySpan<byte> text, Span<bool> seen)
    {
        for (var i = 0; i < terms.Length; i++) { seen[i] = seen[i] || terms[i].MayBeIn(text); }
    }

    private static bool IsText(ref Utf8JsonReader reader) => reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("path"u8)
        || reader.ValueTextEquals("parameters"u8) || reader.ValueTextEquals("result"u8) || reader.ValueTextEquals("error"u8) || reader.ValueTextEquals("tool_name"u8);
}
