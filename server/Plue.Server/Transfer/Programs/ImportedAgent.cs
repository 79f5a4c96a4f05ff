using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Transfer.Programs;

/// <summary>An agent of another program as a task template and its prompt. Its model is not imported, because Plue's providers differ.</summary>
/// <param name="Id">Distinguishes several agents in one file.</param>
/// <param name="Tools">Names of Plue's tools; never more than the agent had.</param>
/// <param name="Notes">Omissions, one sentence each.</param>
internal sealed record ImportedAgent(
    string Id,
    string Name,
    string Description,
    string Text,
    IReadOnlyList<string> Tools,
    IReadOnlyList<string> Notes
)
{
    private const int MaxAgents = 200;

    /// <summary>The tools of an agent that lists none: its own program gives it all.</summary>
    private static readonly string[] DefaultTools =
    [
        "read",
        "search",
        "problems",
        "symbols",
        "references",
        "write",
        "edit",
        "bash",
        "todo",
        "skill",
    ];

    private static readonly Dictionary<string, string[]> ToolNamesElsewhere = new(StringComparer.OrdinalIgnoreCase)
    {
        ["read"] = ["read"],
        ["read_file"] = ["read"],
        ["view"] = ["read"],
        ["ls"] = ["search"],
        ["list"] = ["search"],
        ["glob"] = ["search"],
        ["grep"] = ["search"],
        ["search"] = ["search"],
        ["codebase"] = ["search"],
        ["fileSearch"] = ["search"],
        ["textSearch"] = ["search"],
        ["usages"] = ["references"],
        ["problems"] = ["problems"],
        ["edit"] = ["edit", "write"],
        ["multiedit"] = ["edit"],
        ["editFiles"] = ["edit", "write"],
        ["patch"] = ["edit", "write"],
        ["write"] = ["write"],
        ["notebookEdit"] = ["edit_cell"],
        ["bash"] = ["bash"],
        ["execute"] = ["bash"],
        ["command"] = ["bash"],
        ["runCommands"] = ["bash"],
        ["shell"] = ["bash"],
        ["runTests"] = ["tests"],
        ["webfetch"] = ["fetch"],
        ["fetch"] = ["fetch"],
        ["web"] = ["fetch", "web_search"],
        ["websearch"] = ["web_search"],
        ["todowrite"] = ["todo"],
        ["todoread"] = ["todo"],
        ["todos"] = ["todo"],
        ["todo"] = ["todo"],
        ["task"] = ["spawn_task"],
        ["agent"] = ["spawn_task"],
        ["skill"] = ["skill"],
    };

    /// <exception cref="FailureException">BadRequest: the file contains no agent.</exception>
    public static IReadOnlyList<ImportedAgent> In(SettingFile file)
    {
        var text = file.Read();
        IReadOnlyList<ImportedAgent> agents =
            file.IsModes ? Modes(text)
            : file.Path.EndsWith(".toml", StringComparison.Ordinal) ? [OfToml(file, text)]
            : [OfMarkdown(file, text)];
        return [.. agents.Where(agent => agent.Text.Length > 0).Take(MaxAgents)];
    }

    /// <summary>Returns the text of the template, with the address of its prompt.</summary>
    public string Template(string name, string prompt, string path)
    {
        static string Quote(string text) => Json5Writer.Write(new Json5String(text));
        return $$"""
            // Imported from {{path.ReplaceLineEndings(" ")}}.
            {
              id: {{Quote(name)}},
              name: {{Quote(Name)}},
              description: {{Quote(Description)}},
              version: "1.0.0",
              parent_template: "task",
              tags: ["agent", "imported"],
              system_prompt_ref: {{Quote(prompt)}},
              available_tools: [{{string.Join(", ", Tools.Select(Quote))}}],
            }

            """;
    }

    public string Prompt =>
        new StringBuilder("---\ndescription: ")
            .Append(JsonFields.Quoted($"System prompt of {Name}"))
            .Append("\n---\n")
            .Append(ImportedPrompt.Literal(Text))
            .Append('\n')
            .ToString();

    private static ImportedAgent OfMarkdown(SettingFile file, string text)
    {
        var parsed = FrontMatter.Parse(text);
        var values = parsed.Values;
        List<string> notes = [];
        Model(values.GetString("model"), notes);
        if (values.Has("hooks") || values.Has("mcpServers"))
        {
            notes.Add("Its hooks and MCP servers were omitted.");
        }

        return new ImportedAgent(
            "",
            Line(values.GetString("name") ?? file.Name),
            Line(values.GetString("description") ?? ""),
            parsed.Body,
            ToolsOf(values.Find("tools") ?? values.Find("groups"), values.Find("disallowedTools"), notes),
            notes
        );
    }

    private static ImportedAgent OfToml(SettingFile file, string text)
    {
        var values = TomlStrings.Read(text);
        List<string> notes = [];
        Model(values.GetValueOrDefault("model"), notes);
        return new ImportedAgent(
            "",
            Line(values.GetValueOrDefault("name") ?? file.Name),
            Line(values.GetValueOrDefault("description") ?? ""),
            (values.GetValueOrDefault("developer_instructions") ?? values.GetValueOrDefault("prompt") ?? "").Trim(),
            values.GetValueOrDefault("sandbox_mode") == "read-only"
                ? ["read", "search", "problems", "symbols", "references"]
                : DefaultTools,
            notes
        );
    }

    /// <summary>Parses the modes of Roo Code and Kilo Code: JSON, or YAML, of which each mode is parsed like front matter.</summary>
    private static IReadOnlyList<ImportedAgent> Modes(string text)
    {
        if (text.TrimStart().StartsWith('{'))
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                return
                [
                    .. (document.RootElement.Get("customModes")?.Items() ?? []).Select(mode =>
                        Mode(
                            mode.Text("slug"),
                            mode.Text("name"),
                            mode.Text("description") ?? mode.Text("whenToUse"),
                            mode.Text("roleDefinition"),
                            mode.Text("customInstructions"),
                            Json5Array.Of(
                                (mode.Get("groups")?.Items() ?? [])
                                    .Select(group => group.AsText() ?? group.Items().FirstOrDefault().AsText())
                                    .OfType<string>()
                            ),
                            (mode.Get("groups")?.Items() ?? [])
                                .SelectMany(group => group.Items().Skip(1))
                                .Select(limit => limit.Text("fileRegex"))
                                .FirstOrDefault(pattern => pattern is not null)
                        )
                    ),
                ];
            }
            catch (JsonException)
            {
                throw new FailureException(FailureKind.BadRequest, "It is not valid JSON. Fix it, then import it again.");
            }
        }

        List<ImportedAgent> agents = [];
        var lines = text.Split('\n');
        var dashes = Enumerable
            .Range(0, lines.Length)
            .Where(at => lines[at].TrimStart().StartsWith("- ", StringComparison.Ordinal))
            .ToLookup(at => lines[at].IndexOf('-', StringComparison.Ordinal));
        // The outermost list is that of the modes, whatever key of a mode is first.
        var starts = dashes.OrderBy(same => same.Key).FirstOrDefault()?.ToList() ?? [];
        foreach (var (index, start) in starts.Index())
        {
            var end = index + 1 < starts.Count ? starts[index + 1] : lines.Length;
            var indent = lines[start].IndexOf('-', StringComparison.Ordinal) + 2;
            var inner = lines[start..end]
                .Select(
                    (line, at) =>
                        at == 0 ? line[indent..]
                        : line.Length > indent && line[..indent].Trim().Length == 0 ? line[indent..]
                        : ""
                )
                .ToList();
            var values = FrontMatter.Parse($"---\n{string.Join('\n', inner)}\n---\n").Values;
            agents.Add(
                Mode(
                    values.GetString("slug"),
                    values.GetString("name"),
                    values.GetString("description") ?? values.GetString("whenToUse"),
                    values.GetString("roleDefinition"),
                    values.GetString("customInstructions"),
                    Json5Array.Of(
                        values
                            .GetStrings("groups")
                            .Select(group => group.Trim('-', ' ', '[', ']'))
                            .Where(group => group.Length > 0 && !group.Contains(':', StringComparison.Ordinal))
                    ),
                    inner.Select(FileRegex).FirstOrDefault(pattern => pattern is not null)
                )
            );
        }

        return agents;
    }

    /// <summary>Gets the pattern of <c>fileRegex: PATTERN</c> in a line of YAML; null if it has none.</summary>
    private static string? FileRegex(string line)
    {
        const string Key = "fileRegex:";
        return line.IndexOf(Key, StringComparison.Ordinal) is >= 0 and var at
            ? line[(at + Key.Length)..].Split(", description:")[0].Trim(' ', '\r', '\'', '"', '}', ']')
            : null;
    }

    private static ImportedAgent Mode(
        string? slug,
        string? name,
        string? description,
        string? role,
        string? instructions,
        Json5Array groups,
        string? editedFiles
    )
    {
        List<string> notes = [];
        if (editedFiles is not null)
        {
            notes.Add(
                $"It could edit only files that match {Line(editedFiles)}. Plue has no such limit, so check the file of each change."
            );
        }

        return new ImportedAgent(
            slug ?? name ?? "",
            Line(name ?? slug ?? "Mode"),
            Line(description ?? ""),
            string.Join("\n\n", new[] { role?.Trim(), instructions?.Trim() }.Where(part => !string.IsNullOrEmpty(part))),
            ToolsOf(groups, null, notes),
            notes
        );
    }

    private static void Model(string? model, List<string> notes)
    {
        if (model is { Length: > 0 } and not "inherit")
        {
            notes.Add($"Its model {Line(model)} was not taken over. Choose one with `provider_ref` in the template.");
        }
    }

    /// <param name="given">A list, a text with commas, or an object with <c>false</c> for disabled tools.</param>
    private static IReadOnlyList<string> ToolsOf(Json5Node? given, Json5Node? denied, List<string> notes)
    {
        IReadOnlyList<string> NamesOf(Json5Node? node) =>
            node switch
            {
                Json5Array list => [.. list.Items.OfType<Json5String>().Select(item => item.Value)],
                Json5String { Value: var text } => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                _ => [],
            };
        var off = NamesOf(denied)
            .Concat(given is Json5Object choices ? choices.Members.Where(IsOff).Select(member => member.Name) : [])
            .SelectMany(name => Known(name) ?? [])
            .ToHashSet(StringComparer.Ordinal);
        if (given is null or Json5Object || NamesOf(given) is ["*"] or ["all"])
        {
            return [.. DefaultTools.Where(tool => !off.Contains(tool))];
        }

        List<string> tools = [];
        foreach (var name in NamesOf(given))
        {
            if (Known(name) is { } known)
            {
                tools.AddRange(known);
            }
            else
            {
                notes.Add($"Its tool {Line(name)} was omitted, because Plue has no such tool.");
            }
        }

        return [.. tools.Distinct(StringComparer.Ordinal).Where(tool => !off.Contains(tool))];
    }

    private static bool IsOff(Json5Member member) =>
        member.Value is Json5Boolean { Value: false } or Json5String { Value: "false" or "deny" };

    /// <summary>Gets Plue's tools for this name; ignores a rule in parentheses after it and a tool set before it.</summary>
    private static IReadOnlyList<string>? Known(string name)
    {
        var plain = name.Split('(')[0].Trim();
        if (plain.StartsWith("mcp__", StringComparison.Ordinal) && plain.Split("__") is [_, { Length: > 0 } server, { Length: > 0 } tool])
        {
            return [$"{server}{ToolNames.ServerSeparator}{tool}"];
        }

        plain = plain[(plain.LastIndexOf('/') + 1)..];
        return ToolNamesElsewhere.TryGetValue(plain, out var known) ? known
            : ToolNames.Find(plain) is { } own ? [own.Name]
            : null;
    }

    private static string Line(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 500 ? line : line[..500];
    }
}
