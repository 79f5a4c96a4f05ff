namespace Plue.Server.Transfer;

/// <param name="Root">The root page.</param>
internal sealed record SqliteTable(uint Root, List<string> Columns)
{
    private static readonly string[] Constraints = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];

    /// <summary>Gets the column names in record order, from the statement that created the table.</summary>
    public static List<string> ColumnsOf(string sql)
    {
        var (start, end) = (sql.IndexOf('(', StringComparison.Ordinal) + 1, sql.LastIndexOf(')'));
        if (start == 0 || end < start)
        {
            return [];
        }

        List<string> columns = [];
        var (depth, quote, from) = (0, '\0', start);
        for (var at = start; at <= end; at++)
        {
            var letter = sql[at];
            if (quote != '\0')
            {
                quote = letter == quote ? '\0' : quote;
            }
            else if (letter is '\'' or '"' or '`')
            {
                quote = letter;
            }
            else if (at == end || (letter == ',' && depth == 0))
            {
                Add(sql[from..at].Trim(), columns);
                from = at + 1;
            }
            else
            {
                depth += letter switch
                {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
            }
        }

        return columns;
    }

    private static void Add(string definition, List<string> columns)
    {
        var name =
            definition is ['"' or '`', ..] && definition.IndexOf(definition[0], 1) is var close and > 0 ? definition[1..close]
            : definition is ['[', ..] && definition.IndexOf(']', StringComparison.Ordinal) is var bracket and > 0 ? definition[1..bracket]
            : definition.Split([' ', '\t', '\n', '\r', '('], 2)[0];
        if (name.Length > 0 && (definition[0] is '"' or '`' or '[' || !Constraints.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            columns.Add(name);
        }
    }
}
