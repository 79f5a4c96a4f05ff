using System.Text.Json;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>Maps Plue's tools and their arguments to the names that hooks of Claude Code use.</summary>
internal static class ClaudeToolNames
{
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["bash"] = ["Bash"],
        ["read"] = ["Read"],
        ["write"] = ["Write"],
        ["edit"] = ["Edit", "MultiEdit"],
        ["edit_cell"] = ["NotebookEdit"],
        ["search"] = ["Grep", "Glob"],
        ["fetch"] = ["WebFetch"],
        ["web_search"] = ["WebSearch"],
        ["todo"] = ["TodoWrite"],
        ["ask_user"] = ["AskUserQuestion"],
        ["spawn_task"] = ["Task", "Agent"],
    };

    private static readonly Dictionary<string, (string Ours, string Claude)[]> Arguments = new(StringComparer.Ordinal)
    {
        ["read"] = [("path", "file_path")],
        ["write"] = [("path", "file_path")],
        ["edit"] = [("path", "file_path"), ("old", "old_string"), ("new", "new_string"), ("all", "replace_all")],
        ["edit_cell"] = [("path", "notebook_path"), ("source", "new_source")],
        ["search"] = [("query", "pattern"), ("files", "glob")],
    };

    /// <summary>Gets the names of a tool in Claude Code. The first one is passed to the command.</summary>
    public static IReadOnlyList<string> Of(string tool) =>
        Names.GetValueOrDefault(tool)
        ?? (
            tool.IndexOf(ToolNames.ServerSeparator, StringComparison.Ordinal) is > 0 and var at && !ToolNames.IsVsCodeTool(tool)
                ? [$"mcp__{tool[..at]}__{tool[(at + 1)..]}"]
                : [tool]
        );

    /// <summary>Gets the arguments with Claude Code's names and absolute paths.</summary>
    public static JsonElement ToClaude(string tool, JsonElement parameters, string folder) =>
        Renamed(
            parameters,
            name => Arguments.GetValueOrDefault(tool)?.FirstOrDefault(pair => pair.Ours == name).Claude ?? name,
            (name, value) =>
                name is "file_path" or "notebook_path" && value.ValueKind == JsonValueKind.String
                    ? Path.GetFullPath(value.GetString() ?? "", folder)
                    : null
        );

    /// <summary>Gets the arguments with Plue's names.</summary>
    public static JsonElement FromClaude(string tool, JsonElement parameters) =>
        Renamed(
            parameters,
            name => Arguments.GetValueOrDefault(tool)?.FirstOrDefault(pair => pair.Claude == name).Ours ?? name,
            (_, _) => null
        );

    private static JsonElement Renamed(JsonElement parameters, Func<string, string> nameOf, Func<string, JsonElement, string?> textOf)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var member in parameters.EnumerateObject())
            {
                var name = nameOf(member.Name);
                writer.WritePropertyName(name);
                if (textOf(name, member.Value) is { } text)
                {
                    writer.WriteStringValue(text);
                }
                else
                {
                    member.Value.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        using var document = JsonDocument.Parse(bytes.ToArray());
        return document.RootElement.Clone();
    }
}
