using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Runs the hooks of items after changes through codex/*, not after edits in an editor. Their actions are recorded in the item's history.</summary>
internal sealed class ItemHooks(Automation automation, Documents documents)
{
    /// <param name="before">Null for a new item.</param>
    /// <returns>The item after the hooks.</returns>
    public async Task<FileCodex> RunAsync(FileCodex? before, FileCodex after, CancellationToken cancellationToken)
    {
        if (after.Uri is not { Collection: CodexCollection.Items } uri)
        {
            return after;
        }

        var target = new Item(uri, documents);
        if (target.Template is not { } template)
        {
            return after;
        }

        IReadOnlyList<HookChange> changes = before is null
            ? [new HookChange(HookTrigger.Created)]
            : HookChange.Between(template.WithDefaults(before.Values), template.WithDefaults(after.Values));
        await automation.RunAsync(target, changes, depth: 0, cancellationToken);
        return documents.Get(uri);
    }

    private sealed class Item(CodexUri uri, Documents documents) : IHookTarget
    {
        public string Uri { get; } = uri.ToString();

        public Template? Template => documents.Templates.Find(documents.Get(uri).TemplateId);

        public Json5Object Values() =>
            documents.Get(uri) is var codex && Template is { } template ? template.WithDefaults(codex.Values) : Json5Object.Empty;

        public Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
        {
            var files = documents.Of(uri.Collection);
            var was = Values().Find(field);
            if (was is null ? value is Json5Null : was.HasSameValueAs(value))
            {
                return Task.FromResult<IReadOnlyList<HookChange>>([]);
            }

            files.Change(
                uri.Name,
                null,
                values =>
                {
                    IReadOnlyList<(string, Json5Node?)> changes = [(field, value is Json5Null ? null : value)];
                    files.Check(changes, files.Format.TemplateIdOf(uri.Name, values));
                    return changes;
                },
                ChangedBy.Hook
            );
            return Task.FromResult(HookChange.Of(field));
        }

        public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken) =>
            throw new FailureException(
                FailureKind.Conflict,
                "Only a chat or a task can get a response. Use spawn_task in the hook to start a task."
            );

        public Task NoteAsync(HookNote note, CancellationToken cancellationToken)
        {
            // A field that a hook set is already recorded as a version of the file.
            if (
                (note.Action is not HookAction.SetField || note.Error is not null)
                && (note.Error is null ? note.Outcome : $"Hook {note.Action.Name} failed: {note.Error}") is { } what
            )
            {
                documents.Of(uri.Collection).NoteHook(uri, note.Action.Name, what, note.Error);
            }

            return Task.CompletedTask;
        }
    }
}
