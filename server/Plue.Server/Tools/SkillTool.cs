using System.Text.Json;
using Plue.Server.Codices.Skills;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools;

/// <summary>Loads a skill: its text, and the list of its files. The tool is not available if there is no skill for the model.</summary>
/// <param name="textOf">Gets the description of the tool with this name for the model.</param>
internal sealed class SkillTool(SkillCatalog skills, Func<string, string?> textOf) : IToolSource
{
    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken)
    {
        if (!names.Contains(ToolNames.Skill))
        {
            return Task.FromResult<IReadOnlyList<ITool>>([]);
        }

        var found = skills.List(out var note);
        notes.AddRange(note is null ? [] : [note]);
        var list = skills.ForModel(found);
        return Task.FromResult<IReadOnlyList<ITool>>(
            list.Text.Length == 0 ? [] : [new Tool(skills, textOf(ToolNames.Skill) ?? "", list.Unlisted == 0 ? list.Names : [])]
        );
    }

    /// <param name="names">All skills that can be loaded; empty if the model does not know all.</param>
    private sealed class Tool(SkillCatalog skills, string description, IReadOnlyList<string> names) : ITool
    {
        public string Name => ToolNames.Skill;
        public ToolDeclaration Declaration { get; } = new(ToolNames.Skill, description, Schema(names));
        public bool IsReadOnly => true;

        public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
        {
            var given = new ToolParameters(parameters, "name", "arguments");
            var name = given.Text("name").Trim().TrimStart('/');
            var skill =
                skills.Find(name, isUser: false)
                ?? throw new ToolFailureException(
                    $"There is no skill `{HiddenCharacters.VisibleLine(name)}`.{NearestName.Hint(name, [.. skills.ForModel().Names])} Use one of the list, or work without a skill."
                );
            return Task.FromResult<PlannedCall>(new Call(skill, given.OptionalText("arguments") ?? "", context));
        }

        private static string Schema(IReadOnlyList<string> names)
        {
            // Not escaped, because names consist of lower-case letters, digits and hyphens.
            var choice = names.Count == 0 ? "" : $",\"enum\":[{string.Join(',', names.Select(name => $"\"{name}\""))}]";
            return $$$"""{"type":"object","properties":{"name":{"type":"string"{{{choice}}}},"arguments":{"type":"string"}},"required":["name"],"additionalProperties":false}""";
        }
    }

    private sealed class Call(Skill skill, string arguments, ToolContext context) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText => skill.Name;
        public override string? Location => skill.Path;

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(
                new ToolOutcome(SkillText.Of(skill, arguments, FolderFor(skill, context.Folders), context.CodexId))
                {
                    Instructions = [skill.Source],
                }
            );
    }

    /// <summary>Gets the path of a skill's folder for tools: relative to the workspace, or absolute.</summary>
    public static string FolderFor(Skill skill, WorkspaceFolders? folders) =>
        folders?.FolderOf(skill.Folder) is { } inside
            ? folders.Shown(inside, Path.GetRelativePath(inside.Path, skill.Folder).Replace(Path.DirectorySeparatorChar, '/'))
            : skill.Folder;
}
