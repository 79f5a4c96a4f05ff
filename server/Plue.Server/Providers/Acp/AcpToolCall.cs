using System.Text;
using System.Text.Json;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>A tool call of an agent, gathered from its updates.</summary>
/// <param name="folder">The folder of the session.</param>
internal sealed class AcpToolCall(string toolUseId, string folder)
{
    private const int MaxTitle = 300;
    private const int MaxResult = 40_000;
    private const int MaxInput = 100_000;

    private readonly StringBuilder streamed = new();
    private string? name;
    private string kind = "other";
    private string title = "";
    private string status = "pending";
    private string? output;
    private JsonElement input;
    private IReadOnlyList<string> locations = [];
    private IReadOnlyList<AgentEdit> edits = [];
    private string? content;

    public string ToolUseId => toolUseId;

    /// <summary>It was published.</summary>
    public bool IsShown { get; set; }

    /// <summary>Its result was published.</summary>
    public bool IsOver { get; set; }

    /// <summary>Why it was denied; null if it was not.</summary>
    public string? Denied { get; set; }
    public string Kind => kind;
    public bool HasEnded => status is "completed" or "failed";
    public bool HasFailed => status == "failed";

    /// <summary>Whether it may have changed files.</summary>
    public bool MayChange => kind is not ("read" or "search" or "think" or "fetch");

    /// <summary>Enough is known of it to show it.</summary>
    public bool IsReady =>
        status != "pending"
        || locations.Count > 0
        || edits.Count > 0
        || input is { ValueKind: JsonValueKind.Object } && input.EnumerateObject().Any();

    /// <summary>As Plue's own tools of this kind are called.</summary>
    public string ToolName =>
        kind switch
        {
            "read" or "edit" or "search" or "fetch" or "delete" or "move" => kind,
            "execute" => "bash",
            _ => Word(name) ?? (kind == "other" ? "tool" : kind),
        };

    /// <summary>The files that it is about, absolute.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            if (locations.Count > 0 || edits.Count > 0)
            {
                return [.. edits.Select(edit => edit.Path).Concat(locations).Distinct(StringComparer.Ordinal)];
            }

            return
                kind is not "execute" and not "fetch"
                && PathOf(input.Text("file_path") ?? input.Text("filePath") ?? input.Text("path") ?? input.Text("absolute_path"))
                    is { } path
                ? [path]
                : [];
        }
    }

    /// <returns>Output that the update adds to a running call; null for none.</returns>
    public string? Take(JsonElement update)
    {
        name = update.Text("name") ?? name;
        kind = update.Text("kind") is { Length: > 0 and < 40 } value ? value : kind;
        title = update.Text("title") ?? title;
        status = update.Text("status") ?? status;
        if (update.Field("rawInput") is { ValueKind: JsonValueKind.Object } given)
        {
            input = given;
        }

        if (update.Field("locations") is { ValueKind: JsonValueKind.Array })
        {
            locations =
            [
                .. update
                    .Items("locations")
                    .Select(one => PathOf(one.Text("path")))
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal)
                    .Take(100),
            ];
        }

        if (update.Field("content") is { ValueKind: JsonValueKind.Array })
        {
            TakeContent(update);
        }

        if (update.Field("rawOutput") is { } raw)
        {
            output = OutputOf(raw) ?? output;
        }

        var more = update.Field("_meta") is { } meta
            ? (meta.Field("terminal_output_delta") ?? meta.Field("terminal_output")) is { } terminal
                ? terminal.Text("data") ?? terminal.Text("delta") ?? LoneSurrogates.TextOf(terminal)
                : null
            : null;
        if (more is not null && streamed.Length < 4 * MaxResult)
        {
            streamed.Append(more);
        }

        return more;
    }

    /// <summary>For a permission.</summary>
    public AgentCall ToCall() =>
        new(toolUseId, kind, Title)
        {
            Command = CommandIn(),
            Folder = PathOf(input.Text("cwd") ?? input.Text("workdir")),
            Address = input.Text("url") ?? input.Text("uri"),
            Paths = Paths,
            Edits = edits,
            Input = input.ValueKind == JsonValueKind.Object ? Shortened(input.GetRawText(), MaxInput) : null,
        };

    /// <summary>For display and the journal: a JSON object.</summary>
    public string Parameters()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, PlainJson.Writing))
        {
            writer.WriteStartObject();
            if (kind == "execute")
            {
                writer.WriteString("command"u8, CommandIn() ?? Title.Trim('`'));
            }
            else if (Paths is [var path, ..])
            {
                writer.WriteString("path"u8, Shown(path));
                if (Paths.Count > 1)
                {
                    writer.WriteString("files"u8, string.Join(", ", Paths.Select(Shown)));
                }
                else if (!Title.Contains(Path.GetFileName(path), StringComparison.Ordinal))
                {
                    writer.WriteString("title"u8, Title);
                }
            }
            else
            {
                writer.WriteString("title"u8, Title);
                if (input.ValueKind == JsonValueKind.Object && input.GetRawText() is { Length: > 2 and < MaxInput } json)
                {
                    writer.WritePropertyName("input"u8);
                    writer.WriteRawValue(json);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    public string Result()
    {
        var text =
            content is { Length: > 0 } ? content
            : output is { Length: > 0 } ? output
            : streamed.Length > 0 ? streamed.ToString()
            : edits.Count > 0 ? $"Changed {string.Join(", ", edits.Select(edit => Shown(edit.Path)).Distinct())}."
            : "";
        return Shortened(HiddenCharacters.Visible(text), MaxResult);
    }

    private string Title => Shortened(HiddenCharacters.VisibleLine(title.Length > 0 ? title : name ?? kind), MaxTitle);

    private void TakeContent(JsonElement update)
    {
        List<AgentEdit> diffs = [];
        var text = new StringBuilder();
        foreach (var item in update.Items("content"))
        {
            switch (item.Text("type"))
            {
                case "content" when item.Field("content") is { } block && AcpWire.TextOf(block) is { } value:
                    text.Append(text.Length > 0 ? "\n" : "").Append(value);
                    break;
                case "diff" when PathOf(item.Text("path")) is { } path && item.Text("newText") is { } after && diffs.Count < 100:
                    diffs.Add(new AgentEdit(path, item.Text("oldText"), after));
                    break;
            }
        }

        if (diffs.Count > 0)
        {
            edits = diffs;
        }

        content = text.Length > 0 ? text.ToString() : content;
    }

    private string? CommandIn()
    {
        if (kind != "execute" || input.Field("command") is not { } command && input.Field("cmd") is not { } _)
        {
            return null;
        }

        command = (input.Field("command") ?? input.Field("cmd"))!.Value;
        if (command.ValueKind == JsonValueKind.Array)
        {
            var words = command.EnumerateArray().Select(word => LoneSurrogates.TextOf(word) ?? "").ToList();
            // A shell with one script: the script is the command.
            return words is [_, "-c" or "-lc", var script] ? script : ShellLine.Of(words);
        }

        return LoneSurrogates.TextOf(command) is { Length: > 0 } line
            ? input.Items("args").Select(word => LoneSurrogates.TextOf(word) ?? "").ToList() is { Count: > 0 } arguments
                ? $"{line} {ShellLine.Of(arguments)}"
                : line
            : null;
    }

    private static string? OutputOf(JsonElement raw) =>
        raw.ValueKind switch
        {
            JsonValueKind.String => LoneSurrogates.TextOf(raw),
            JsonValueKind.Object => raw.Text("formatted_output")
                ?? raw.Text("aggregated_output")
                ?? raw.Text("output")
                ?? raw.Text("stdout")
                ?? raw.Text("error")
                ?? raw.Text("message"),
            _ => null,
        };

    private string? PathOf(string? path)
    {
        if (path is not { Length: > 0 and < 4096 } || path.Contains('\0'))
        {
            return null;
        }

        return Uri.TryCreate(path, UriKind.Absolute, out var uri) && uri.IsFile ? uri.LocalPath : Path.GetFullPath(path, folder);
    }

    private string Shown(string path)
    {
        var relative = Path.GetRelativePath(folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    private static string? Word(string? text) =>
        text is { Length: > 0 and <= 64 } && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')
            ? text
            : null;

    private static string Shortened(string text, int max) =>
        text.Length <= max ? text : $"{text[..(max / 2)]}\n[… {text.Length - max} characters omitted …]\n{text[^(max / 2)..]}";
}
