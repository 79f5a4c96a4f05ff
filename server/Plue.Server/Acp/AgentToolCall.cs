using System.Text;
using System.Text.Json;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Acp;

/// <summary>A tool call as shown by the client. Its parameters arrive in chunks.</summary>
internal sealed class AgentToolCall(string id, string toolName, WorkspaceFolders? folders)
{
    private const int MaxTitle = 200;
    private const int MaxParameters = 4 * 1024 * 1024;
    private const int MaxOutput = 64 * 1024;

    private readonly StringBuilder text = new();
    private readonly StringBuilder output = new();
    private JsonElement parameters;
    private int depth;
    private bool isInString;
    private bool isEscaped;

    public string Id => id;
    public string ToolName => toolName;

    /// <summary>True if a result was sent to the client.</summary>
    public bool HasEnded { get; set; }

    /// <summary>True if the client shows its output as a terminal.</summary>
    public bool HasTerminal { get; set; }

    /// <summary>When its output was last sent.</summary>
    public long SentAt { get; set; }

    /// <summary>The last part of its output so far.</summary>
    public string Output => output.ToString();

    /// <summary>The parameters as a JSON object; undefined until they are complete.</summary>
    public JsonElement Parameters => parameters;

    public string Kind =>
        toolName switch
        {
            "read" or "skill" or "codex" => "read",
            "search" or "symbols" or "references" or "problems" => "search",
            "edit" or "write" or "edit_cell" or "rename" or "edit_codex" => "edit",
            "bash" or "tests" or "run_cell" => "execute",
            "web_search" => "fetch",
            "fetch" or "delete" or "move" => toolName,
            _ => "other",
        };

    public bool IsCommand => toolName == "bash";

    public string Title
    {
        get
        {
            var title = toolName switch
            {
                "bash" => Text("command"),
                "read" when Text("path") is { } path => $"Read {path}{Lines}",
                "write" when Text("path") is { } path => $"Write {path}",
                "edit" or "edit_cell" when Text("path") is { } path => $"Edit {path}",
                "delete" when Text("path") is { } path => $"Delete {path}",
                "search" when (Text("query") ?? Text("files")) is { } query => $"Search {query}",
                "fetch" when Text("url") is { } url => $"Fetch {url}",
                "web_search" when Text("query") is { } query => $"Search the web: {query}",
                "skill" when Text("name") is { } name => $"Load the skill {name}",
                "rename" when Text("symbol") is { } symbol && Text("new_name") is { } name => $"Rename {symbol} to {name}",
                "spawn_task" when (Text("title") ?? Text("goal")) is { } goal => $"Start a subtask: {goal}",
                "bash_process" => "Follow a background command",
                "task_status" => "Check subtasks",
                "task_wait" => "Wait for subtasks",
                "send_message" when Text("text") is { } message => $"Send a message to a task: {message}",
                "board_post" when Text("note") is { } note => $"Post a note to the board: {note}",
                "board_read" => "Read the board",
                _ => null,
            };
            var line = HiddenCharacters.VisibleLine(string.IsNullOrWhiteSpace(title) ? toolName : title);
            return line.Length <= MaxTitle ? line : $"{line[..MaxTitle]}…";
        }
    }

    /// <summary>The absolute paths of its files, with the line if known.</summary>
    public IReadOnlyList<(string Path, long? Line)> Locations
    {
        get
        {
            if (Text("path") is not { Length: > 0 and < 4096 } path || path.Contains('\0'))
            {
                return [];
            }

            var full =
                folders is not null ? Path.GetFullPath(folders.Locate(path))
                : Path.IsPathFullyQualified(path) ? path
                : null;
            return full is null ? [] : [(full, (parameters.Whole("from") ?? parameters.Whole("line")) is > 0 and var line ? line : null)];
        }
    }

    /// <returns>True if the parameters are complete now.</returns>
    public bool Append(string piece)
    {
        if (parameters.ValueKind != JsonValueKind.Undefined || text.Length + piece.Length > MaxParameters)
        {
            return false;
        }

        text.Append(piece);
        var wasClosed = false;
        foreach (var character in piece)
        {
            wasClosed |= Count(character);
        }

        return wasClosed && Complete(text.ToString());
    }

    /// <returns>True if this is a JSON object.</returns>
    public bool Complete(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            parameters = document.RootElement.Clone();
            text.Clear();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public void AddOutput(string piece)
    {
        output.Append(piece);
        if (output.Length > 2 * MaxOutput)
        {
            output.Remove(0, output.Length - MaxOutput);
        }
    }

    /// <summary>Writes the title, kind, parameters and files.</summary>
    public void WriteFields(Utf8JsonWriter writer)
    {
        writer.WriteString("title"u8, Title);
        writer.WriteString("name"u8, toolName);
        writer.WriteString("kind"u8, Kind);
        if (parameters.ValueKind == JsonValueKind.Object)
        {
            writer.WritePropertyName("rawInput"u8);
            parameters.WriteTo(writer);
        }
        if (Locations is { Count: > 0 } locations)
        {
            writer.WriteStartArray("locations"u8);
            foreach (var (path, line) in locations)
            {
                writer.WriteStartObject();
                writer.WriteString("path"u8, path);
                if (line is { } number)
                {
                    writer.WriteNumber("line"u8, number);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }

    private string Lines =>
        (parameters.Whole("from"), parameters.Whole("to")) switch
        {
            ({ } from, { } to) => $" ({from}-{to})",
            ({ } from, null) => $" (from line {from})",
            _ => "",
        };

    private string? Text(string name) => parameters.Text(name);

    /// <returns>True if the character closes the object.</returns>
    private bool Count(char character)
    {
        if (isInString)
        {
            (isInString, isEscaped) = (character != '"' || isEscaped, character == '\\' && !isEscaped);
            return false;
        }

        isInString = character == '"';
        depth +=
            character is '{' or '[' ? 1
            : character is '}' or ']' ? -1
            : 0;
        return depth == 0 && character == '}';
    }
}
