using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Tools;

/// <summary>Lists and reads prompts, templates and items, and reads skills: documents that the user wrote for agents. Providers, chats and tasks are not accessible, because they contain other conversations and references to keys.</summary>
internal sealed class CodexTool(Documents documents, SkillCatalog skills, Func<string, string?> textOf) : IToolSource
{
    public const string Name = "codex";

    private const int MaxListed = 200;
    private static readonly CodexCollection[] ReadableCollections =
    [
        CodexCollection.Prompts,
        CodexCollection.Templates,
        CodexCollection.Items,
        CodexCollection.Settings,
    ];

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>(names.Contains(Name) ? [new Tool(documents, skills, textOf(Name) ?? "")] : []);

    /// <exception cref="ToolFailureException">The address is not that of a prompt, template or item.</exception>
    internal static CodexUri AddressOf(string address) =>
        CodexUri.TryParse(address, out var uri)
        && ReadableCollections.Contains(uri.Collection)
        && (uri.Collection != CodexCollection.Settings || uri.Name == SettingsFormat.Name)
            ? uri
            : throw new ToolFailureException(
                "This address is not available. Only documents in codex://prompts/, codex://templates/ and codex://items/, codex://settings/config, and the SKILL.md files of skills are."
            );

    private sealed class Tool(Documents documents, SkillCatalog skills, string description) : ITool
    {
        private const string Schema =
            """{"type":"object","properties":{"collection":{"type":"string","enum":["prompts","templates","items"]},"uri":{"type":"string"}},"additionalProperties":false}""";

        public string Name => CodexTool.Name;
        public ToolDeclaration Declaration { get; } = new(CodexTool.Name, description, Schema);
        public bool IsReadOnly => true;

        public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
        {
            var given = new ToolParameters(parameters, "collection", "uri");
            var (collection, uri) = (given.OptionalText("collection"), given.OptionalText("uri"));
            if (collection is null == uri is null)
            {
                throw new ToolFailureException("Set `collection` to list a collection, or `uri` to read a document.");
            }

            return Task.FromResult<PlannedCall>(
                uri is null
                    ? new Call($"codex://{collection}/", () => List(CollectionOf(collection!)))
                    : new Call(uri, () => Read(uri, context.Seen))
            );
        }

        private string List(CodexCollection collection)
        {
            var found = documents.Of(collection).List();
            var text = new StringBuilder();
            foreach (var one in found.Take(MaxListed))
            {
                text.Append(one.Uri?.ToString() ?? one.Id)
                    .Append(" - ")
                    .Append(HiddenCharacters.VisibleLine($"{one.Title}{(one.Description is { } what ? $": {what}" : "")}"))
                    .Append('\n');
            }

            if (found.Count > MaxListed)
            {
                text.Append($"[{found.Count - MaxListed} more omitted]\n");
            }
            return found.Count == 0 ? "The collection is empty." : text.ToString();
        }

        private string Read(string address, SeenFiles seen)
        {
            if (skills.FindText(address) is { } skill)
            {
                return ReadSkill(skill, seen);
            }

            var uri = AddressOf(address);
            var all = documents.Of(uri.Collection);
            if (all.Get(uri.Name) is not { } codex || all.BytesOf(codex) is not { } bytes)
            {
                if (uri.Collection == CodexCollection.Settings)
                {
                    return $"{uri} does not exist yet, so every setting has its default. Create it with `{CodexEditTool.Name}`.\n{SettingsNote()}";
                }

                throw new ToolFailureException($"{uri} does not exist. List its collection to see the available documents.");
            }

            seen.Record(uri.ToString(), VersionStore.HashOf(bytes));
            var text = Encoding.UTF8.GetString(bytes);
            // Declarations of servers in the settings may contain keys, which no model gets.
            return uri.Collection == CodexCollection.Settings ? $"{all.Format.Redact(text)}\n{SettingsNote()}" : text;
        }

        private static string ReadSkill(Skill skill, SeenFiles seen)
        {
            var bytes = skill.ReadText() ?? throw new ToolFailureException($"{skill.Path} cannot be read. {skill.Failure}");
            seen.Record(skill.Path, VersionStore.HashOf(bytes));
            var others = skill.Files.Where(file => file.Path != Skill.FileName).Select(file => file.Path).ToList();
            return HiddenCharacters.Visible(Encoding.UTF8.GetString(bytes))
                + (
                    others.Count == 0
                        ? ""
                        : $"\n[Other files of the skill, which are not part of the text: {HiddenCharacters.VisibleLine(string.Join(", ", others))}]"
                );
        }

        /// <summary>What can be set, with the descriptions of the settings page.</summary>
        private static string SettingsNote()
        {
            var text = new StringBuilder("[Available settings, which are not part of the document:]\n");
            foreach (var field in SettingsSchema.Sections.SelectMany(section => section.Fields))
            {
                var options = field.Options is { Count: > 0 } some ? $", one of {string.Join(", ", some)}" : "";
                text.Append($"{field.Name} ({field.Type.ToString().ToLowerInvariant()}{options}): {field.Description}\n");
            }

            return text.ToString();
        }

        private static CodexCollection CollectionOf(string name) =>
            name switch
            {
                "prompts" => CodexCollection.Prompts,
                "templates" => CodexCollection.Templates,
                "items" => CodexCollection.Items,
                _ => throw new ToolFailureException("`collection` must be prompts, templates or items."),
            };
    }

    private sealed class Call(string what, Func<string> read) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText => what;

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.Run(() => new ToolOutcome(read()), cancellationToken);
    }
}
