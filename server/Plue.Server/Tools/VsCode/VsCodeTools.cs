using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tools.VsCode;

/// <summary>
/// The tools of VS Code and its extensions that the user enabled, for templates that list <c>vscode/NAME</c> or <c>vscode/*</c>. A tool that has changed since
/// it was enabled is not offered.
/// </summary>
internal sealed class VsCodeTools : IToolSource
{
    /// <summary>Below the vendors' limit of 128 tools per request.</summary>
    private const int MaxEnabled = 64;
    private const string All = "*";
    private const string HowToSelect = "Check it with the command Plue: Select Tools.";

    private readonly EditorWindow window;
    private readonly Workspace workspace;
    private readonly VsCodeToolChoices choices;
    private readonly Func<string, string> mask;

    /// <param name="mask">Replaces secrets in results.</param>
    internal VsCodeTools(EditorWindow window, Workspace workspace, VsCodeToolChoices choices, Func<string, string> mask) =>
        (this.window, this.workspace, this.choices, this.mask) = (window, workspace, choices, mask);

    public async Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken)
    {
        var requested = names.Where(ToolNames.IsVsCodeTool).Select(name => name[(ToolNames.VsCode.Length + 1)..]).ToList();
        if (requested.Count == 0)
        {
            return [];
        }

        var stored = choices.List();
        notes.AddRange(
            requested
                .Where(name => name != All && stored.All(tool => tool.Name != name))
                .Select(name => $"The VS Code tool {HiddenCharacters.Visible(name)} is not enabled. {HowToSelect}")
        );
        List<McpSeenTool> enabled = [.. stored.Where(tool => requested.Contains(All) || requested.Contains(tool.Name))];
        if (enabled.Count == 0)
        {
            return [];
        }
        if (UnavailableReason() is { } why)
        {
            notes.Add($"Tools of VS Code were not sent: {why}.");
            return [];
        }

        try
        {
            var (found, _) = await ReadAsync(cancellationToken);
            List<ITool> tools = [];
            foreach (var tool in enabled.OrderBy(tool => tool.Name, StringComparer.Ordinal))
            {
                var shown = HiddenCharacters.Visible(tool.Name);
                if (found.FirstOrDefault(one => one.Info.Name == tool.Name) is not { } now)
                {
                    // Other windows may have other extensions.
                    notes.AddRange(
                        requested.Contains(tool.Name) ? [$"The VS Code tool {shown} was not sent: this window does not have it."] : []
                    );
                }
                else if (now.Info.Sha256 != tool.Sha256)
                {
                    notes.Add($"The VS Code tool {shown} was not sent: it changed since it was enabled. {HowToSelect}");
                }
                else
                {
                    tools.Add(new VsCodeTool(now.Info, this));
                }
            }

            return tools;
        }
        catch (FailureException fault)
        {
            notes.Add($"Tools of VS Code were not sent: {fault.Message}");
            return [];
        }
    }

    /// <exception cref="FailureException">BadRequest: there is no window, or its folder is not trusted. Otherwise, the editor did not respond.</exception>
    public async Task<(IReadOnlyList<VsCodeToolStatus> Tools, IReadOnlyList<string> Notes)> ListAsync(CancellationToken cancellationToken)
    {
        if (UnavailableReason() is { } why)
        {
            throw new FailureException(FailureKind.BadRequest, $"The tools of VS Code are not available: {why}.");
        }

        var (found, notes) = await ReadAsync(cancellationToken);
        var stored = choices.List();
        return ([.. found.Select(tool => Status(tool, stored.FirstOrDefault(one => one.Name == tool.Info.Name)))], notes);
    }

    /// <summary>Enables these tools of this window, and disables its others.</summary>
    /// <param name="selected">The fingerprints that the user reviewed, by name.</param>
    /// <exception cref="FailureException">Conflict: a tool is not what the user reviewed. BadRequest: too many tools. StoreReadOnly.</exception>
    public async Task SelectAsync(IReadOnlyDictionary<string, string> selected, CancellationToken cancellationToken)
    {
        var (found, _) = await ReadAsync(cancellationToken);
        if (
            selected.Keys.FirstOrDefault(name => found.All(tool => tool.Info.Name != name || tool.Info.Sha256 != selected[name])) is
            { } other
        )
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"Nothing was saved: the tool {HiddenCharacters.Visible(other)} changed while you reviewed it. Select the tools again."
            );
        }
        if (selected.Count > MaxEnabled)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"Nothing was saved: {selected.Count} tools are selected, and at most {MaxEnabled} can be enabled. Select fewer."
            );
        }

        choices.Change(stored =>
            [
                .. stored.Where(tool => found.All(one => one.Info.Name != tool.Name)),
                .. found.Where(tool => selected.ContainsKey(tool.Info.Name)).Select(tool => tool.Info.Seen),
            ]
        );
    }

    /// <summary>Calls a tool if it is still the offered one.</summary>
    internal async Task<ToolOutcome> CallAsync(McpToolInfo tool, JsonElement parameters, CancellationToken cancellationToken)
    {
        if (window.Editor is not { } editor)
        {
            throw new ToolFailureException(EditorQuery.NoEditor);
        }

        var (found, _) = await ReadAsync(cancellationToken);
        if (
            UnavailableReason() is not null
            || found.All(one => one.Info.Sha256 != tool.Sha256)
            || choices.List().All(one => one.Sha256 != tool.Sha256)
        )
        {
            throw new ToolFailureException($"The tool {tool.FullName} is no longer available. Use only the tools you were given.");
        }

        var content = new McpContent(ToolNames.VsCode, mask, $"the tool {tool.FullName}");
        try
        {
            foreach (var part in await editor.CallToolAsync(tool.Name, parameters.GetRawText(), cancellationToken))
            {
                if (part.Image is { } image)
                {
                    content.Image(image, part.MediaType);
                }
                else
                {
                    content.Line(part.Text ?? "");
                }
            }
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException($"The tool {tool.FullName} failed: {mask(fault.Message)}", fault);
        }

        return content.Outcome("(nothing)");
    }

    /// <returns>The end of a sentence; null if tools are available.</returns>
    private string? UnavailableReason() =>
        window.Editor is null ? "no editor is attached"
        : workspace is { OpenFolder: not null, TrustedFolder: null } ? "this folder is not trusted"
        : null;

    private async Task<(IReadOnlyList<FoundTool> Tools, IReadOnlyList<string> Notes)> ReadAsync(CancellationToken cancellationToken)
    {
        var listed = window.Editor is { } editor ? await editor.ListToolsAsync(cancellationToken) : [];
        List<string> notes = [];
        List<FoundTool> tools = [];
        foreach (var tool in listed.DistinctBy(tool => tool.Name, StringComparer.Ordinal).Take(McpToolInfo.MaxTools))
        {
            // The title is part of the fingerprint, so that another extension cannot replace a tool.
            var described = new JsonObject
            {
                ["name"] = tool.Name,
                ["title"] = tool.Extension is { } extension ? $"{tool.Title ?? tool.Name} ({extension})" : tool.Title ?? tool.Name,
                ["description"] = tool.Description,
                ["inputSchema"] = SchemaOf(tool),
            };
            var page = new JsonObject { ["tools"] = new JsonArray(described) };
            tools.AddRange(McpToolInfo.Read(ToolNames.VsCode, page, notes).Select(info => new FoundTool(tool, info)));
        }

        return (tools, notes);
    }

    /// <returns>Null if the schema is not an object; the tool is then skipped and reported.</returns>
    private static JsonNode? SchemaOf(EditorTool tool)
    {
        try
        {
            return JsonNode.Parse(tool.Schema ?? """{"type":"object"}""");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static VsCodeToolStatus Status(FoundTool tool, McpSeenTool? stored) =>
        new(
            tool.Info.Name,
            tool.Info.FullName,
            McpToolInfo.Described(tool.Tool.Title ?? tool.Tool.Name),
            McpToolInfo.Described(tool.Tool.Source)
        )
        {
            Description = tool.Info.Description,
            IsEnabled = stored?.Sha256 == tool.Info.Sha256,
            Fingerprint = tool.Info.Sha256,
            Tokens = tool.Info.Tokens,
            Definition = tool.Info.Definition,
            Changes =
                stored is null || stored.Sha256 == tool.Info.Sha256
                    ? null
                    : string.Join('\n', McpSeenTool.Changes([stored], [tool.Info.Seen])),
        };

    private sealed record FoundTool(EditorTool Tool, McpToolInfo Info);
}

/// <param name="FullName">The name in templates.</param>
/// <param name="Source">The name of the extension, or VS Code.</param>
internal sealed record VsCodeToolStatus(string Name, string FullName, string Title, string Source)
{
    public required string Description { get; init; }
    public required bool IsEnabled { get; init; }
    public required string Fingerprint { get; init; }

    /// <summary>Gets the estimated tokens in each request.</summary>
    public required long Tokens { get; init; }
    public required string Definition { get; init; }

    /// <summary>Gets the difference to the tool that the user enabled; null if there is none.</summary>
    public string? Changes { get; init; }
}
