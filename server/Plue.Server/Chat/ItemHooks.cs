using System.Collections.Concurrent;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>The hooks of items: changes made through codex/*, not those made in an editor. What failed is remembered until the item changes again, or this process ends.</summary>
internal sealed class ItemHooks(Automation automation, Documents documents, TimeProvider time)
{
    private const int MostFailures = 20;

    private readonly ConcurrentDictionary<string, IReadOnlyList<HookFailure>> failures = new(StringComparer.Ordinal);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<HookFailure> FailuresOf(string uri) => failures.GetValueOrDefault(uri) ?? [];

    /// <summary>Carries out what the hooks of the item's template ask for.</summary>
    /// <param name="before">Null when it was made just now.</param>
    /// <returns>The item as it then is.</returns>
    public async Task<FileCodex> RunAsync(FileCodex? before, FileCodex after, CancellationToken cancellationToken)
    {
        if (after.Uri is not { Collection: CodexCollection.Items } uri) { return after; }

        failures.TryRemove(uri.ToString(), out _);
        var target = new Item(uri, documents, Note);
        if (target.Template is not { } template) { return after; }

        IReadOnlyList<HookChange> changes = before is null
            ? [new HookChange(HookTrigger.Created)]
            : HookChange.Between(template.WithDefaults(before.Values), template.WithDefaults(after.Values));
        await automation.RunAsync(target, changes, depth: 0, cancellationToken);
        return documents.Get(uri);
    }

    private void Note(string uri, HookNote note)
    {
        if (note.Error is not { } error) { return; }

        var failure = new HookFailure(time.GetUtcNow(), note.Action.Name, error);
        failures.AddOrUpdate(uri, _ => [failure], (_, before) => [failure, .. before.Take(MostFailures - 1)]);
    }

    private sealed class Item(CodexUri uri, Documents documents, Action<string, HookNote> note) : IHookTarget
    {
        public string Uri { get; } = uri.ToString();

        public Template? Template => documents.Templates.Find(documents.Get(uri).TemplateId);

        public Json5Object Values() => documents.Get(uri) is var codex && Template is { } template ? template.WithDefaults(codex.Values) : Json5Object.Empty;

        public Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
        {
            var files = documents.Of(uri.Collection);
            var was = Values().Find(field);
            if (was is null ? value is Json5Null : was.HasSameValueAs(value)) { return Task.FromResult<IReadOnlyList<HookChange>>([]); }

            files.Change(uri.Name, null, values =>
            {
                IReadOnlyList<(string, Json5Node?)> changes = [(field, value is Json5Null ? null : value)];
                files.Check(changes, files.Form.TemplateIdOf(uri.Name, values));
                return changes;
            }, ChangedBy.Hook);
            return Task.FromResult(HookChange.Of(field));
        }

        public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken) =>
            throw new FailureException(FailureKind.Conflict, "Only a chat or a task can be answered. Let the hook start a task with spawn_task.");

        public Task NoteAsync(HookNote said, CancellationToken cancellationToken)
        {
            note(Uri, said);
            return Task.CompletedTask;
        }
    }
}
