using System.Globalization;
using System.Text.Json.Nodes;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>A page of a list. The cursor is the position of the next page.</summary>
internal static class ServedPage
{
    public const int MaxRows = 100;
    public const int DefaultRows = 25;

    /// <summary>The paging parameters of tools, as properties of a JSON Schema.</summary>
    public const string Properties = """
        "limit":{"type":"integer","minimum":1,"maximum":100,"description":"Rows of a page. Default: 25."},"cursor":{"type":"string","description":"The next_cursor of the previous page."}
        """;

    /// <exception cref="ToolFailureException">The cursor or the limit is invalid.</exception>
    public static JsonObject Of<TRow>(string name, IEnumerable<TRow> rows, ToolParameters given, Func<TRow, JsonObject> toJson)
    {
        var (from, limit) = (Position(given.OptionalText("cursor")), given.OptionalNumber("limit", 1, MaxRows) ?? DefaultRows);
        var found = rows.Skip(from).Take(limit + 1).ToList();
        var page = new JsonObject { [name] = new JsonArray([.. found.Take(limit).Select(toJson)]) };
        if (found.Count > limit)
        {
            page["next_cursor"] = Cursor(from + limit);
        }

        return page;
    }

    public static string Cursor(int position) => position.ToString(CultureInfo.InvariantCulture);

    /// <exception cref="ToolFailureException">The cursor is invalid.</exception>
    public static int Position(string? cursor) =>
        cursor is null ? 0
        : int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position
        : throw new ToolFailureException("`cursor` must be a next_cursor of this tool. Leave it out to start at the beginning.");
}
