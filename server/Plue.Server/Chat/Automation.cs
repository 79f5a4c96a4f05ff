using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Somebody whose template has hooks: a chat, a task, an item.</summary>
internal interface IHookTarget
{
    string Uri { get; }

    /// <summary>Null when it is missing, or belongs to a workspace that is not trusted: then it has no hooks.</summary>
    Template? Template { get; }

    /// <summary>All fields as they are now, with the defaults of the template.</summary>
    Json5Object Values();

    /// <returns>What changed by it.</returns>
    /// <exception cref="FailureException">The field cannot have the value.</exception>
    Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken);

    /// <param name="depth">Of what follows from the answer.</param>
    /// <returns>Why nobody was asked, one sentence; null when an answer is on its way.</returns>
    /// <exception cref="FailureException">The provider cannot be asked.</exception>
    Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken);

    Task NoteAsync(HookNote note, CancellationToken cancellationToken);
}

/// <summary>What a hook did, or why it failed.</summary>
internal sealed record HookNote(HookChange Change, HookAction Action, string? Outcome, string? Error, int Depth);

/// <summary>
/// Carries out what the hooks of templates ask for. A change leads to actions, and what they change leads to more: not deeper than
/// <see cref="MostDepth"/>, and not faster than <see cref="MostPerCodex"/> and <see cref="MostInAll"/> a minute. A hook that fails says so on its codex and
/// stops nothing else.
/// </summary>
/// <param name="spawn">Makes a task: its template, its values, the address of who asks, the depth of what follows. Answers with its address.</param>
/// <param name="notify">Tells the user something about the codex of an address.</param>
public sealed class Automation(Func<string, Json5Object, string, int, CancellationToken, Task<string>> spawn, Action<string, string> notify, TimeProvider time, ILogger logger)
{
    public const int MostDepth = 8;
    public const int MostPerCodex = 60;
    public const int MostInAll = 300;
    private const int LongestQuote = 200;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Queue<long>> recent = new(StringComparer.Ordinal);
    private readonly Queue<long> all = new();
    private readonly Lock counting = new();

    /// <summary>What the hooks would do, without doing it.</summary>
    internal static IReadOnlyList<HookAction> Plan(Template template, HookChange change, Func<Json5Object> values) =>
        template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field)) ? AutomationHooks.Evaluate(template.Hooks, change, values()) : [];

    /// <summary>Whether a hook waits for one of these changes, whatever its conditions.</summary>
    internal static bool Waits(Template? template, IEnumerable<HookChange> changes) =>
        template is not null && changes.Any(change => template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field)));

    /// <param name="depth">How many hooks led to these changes; 0 for a person's own.</param>
    /// <param name="planned">What the hooks said of the first change already.</param>
    internal async Task RunAsync(IHookTarget target, IReadOnlyList<HookChange> changes, int depth, CancellationToken cancellationToken, IReadOnlyList<HookAction>? planned = null)
    {
        var waiting = new Queue<(HookChange Change, int Depth)>(changes.Select(change => (change, depth)));
        while (waiting.TryDequeue(out var next))
        {
            var actions = planned ?? (target.Template is { } template ? Plan(template, next.Change, target.Values) : []);
            planned = null;
            foreach (var action in actions)
            {
                if (Refusal(target.Uri, action, next.Depth) is { } why)
                {
                    await NoteAsync(target, new HookNote(next.Change, action, null, why, next.Depth), cancellationToken);
                    return;
                }

                foreach (var followed in await DoAsync(target, next.Change, action, next.Depth, cancellationToken)) { waiting.Enqueue((followed, next.Depth + 1)); }
            }
        }
    }

    private async Task<IReadOnlyList<HookChange>> DoAsync(IHookTarget target, HookChange change, HookAction action, int depth, CancellationToken cancellationToken)
    {
        try
        {
            var (outcome, followed) = await ActAsync(target, action, depth + 1, cancellationToken);
            if (outcome is not null) { await NoteAsync(target, new HookNote(change, action, outcome, null, depth), cancellationToken); }

            return followed;
        }
        catch (FailureException fault)
        {
            await NoteAsync(target, new HookNote(change, action, null, fault.Message, depth), cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogError(fault, "{Codex}: the hook {Action} broke", target.Uri, action.Name);
            await NoteAsync(target, new HookNote(change, action, null, "It failed in a way Plue did not expect. The log says more.", depth), cancellationToken);
        }

        return [];
    }

    private async Task<(string? Outcome, IReadOnlyList<HookChange> Followed)> ActAsync(IHookTarget target, HookAction action, int depth, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case HookAction.SendToLlm:
                return (await target.SendToLlmAsync(depth, cancellationToken) is { } why ? $"Hook send_to_llm did nothing: {why}" : null, []);
            case HookAction.SetField(var field, var value):
                var changed = await target.SetFieldAsync(field, HookValues.Fill(value, target.Values()), cancellationToken);
                return (changed.Count > 0 ? $"Hook set {field}." : null, changed);
            case HookAction.SpawnTask(var template, var values):
                return ($"Hook started {await spawn(template, (Json5Object)HookValues.Fill(values, target.Values()), target.Uri, depth, cancellationToken)}.", []);
            case HookAction.Notify(var message):
                var text = HookValues.Fill(message, target.Values());
                notify(text, target.Uri);
                return ($"Hook said \"{(text.Length <= LongestQuote ? text : text[..LongestQuote] + "…")}\"", []);
            default:
                throw new InvalidOperationException($"No deed for {action.Name}.");
        }
    }

    /// <summary>A codex that cannot be written to, or is being closed, cannot keep it; the log does.</summary>
    private async Task NoteAsync(IHookTarget target, HookNote note, CancellationToken cancellationToken)
    {
        if (note.Error is not null) { logger.LogWarning("{Codex}: the hook {Action} failed: {Why}", target.Uri, note.Action.Name, note.Error); }

        try { await target.NoteAsync(note, cancellationToken); }
        catch (FailureException fault) { logger.LogWarning("{Codex}: what the hook {Action} did was not kept: {Why}", target.Uri, note.Action.Name, fault.Message); }
    }

    /// <summary>Why nothing more is carried out; null when it may be. That a person's own message is answered is no matter of hooks that run away.</summary>
    private string? Refusal(string uri, HookAction action, int depth)
    {
        if (depth >= MostDepth) { return $"{MostDepth} hooks had followed from one change, so it was left out. Make the hooks of the template end."; }
        if (depth == 0 && action is HookAction.SendToLlm) { return null; }

        lock (counting)
        {
            var own = recent.GetOrAdd(uri, _ => new Queue<long>());
            Forget(own);
            Forget(all);
            if (own.Count >= MostPerCodex) { return $"{MostPerCodex} hooks ran within a minute, so it was left out. Make the hooks of the template end, or change it again later."; }
            if (all.Count >= MostInAll) { return $"{MostInAll} hooks ran within a minute in all, so it was left out. Change it again later."; }

            own.Enqueue(time.GetTimestamp());
            all.Enqueue(time.GetTimestamp());
            if (recent.Count > MostInAll) { Sweep(); }

            return null;
        }
    }

    private void Sweep()
    {
        foreach (var (uri, queue) in recent)
        {
            Forget(queue);
            if (queue.Count == 0) { recent.TryRemove(uri, out _); }
        }
    }

    private void Forget(Queue<long> queue)
    {
        while (queue.TryPeek(out var oldest) && time.GetElapsedTime(oldest) > Minute) { queue.Dequeue(); }
    }
}
