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
    /// <returns>Why no response was requested, as one sentence; null if one was.</returns>
    /// <exception cref="FailureException">The provider cannot be asked.</exception>
    Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken);

    Task NoteAsync(HookNote note, CancellationToken cancellationToken);
}

/// <summary>What a hook did, or why it failed.</summary>
internal sealed record HookNote(HookChange Change, HookAction Action, string? Outcome, string? Error, int Depth);

/// <summary>
/// Carries out what the hooks of templates ask for. A change leads to actions, and what they change leads to more, within <see cref="HookBounds"/>. A hook
/// that fails says so on its codex and stops nothing else.
/// </summary>
internal sealed class Automation(IHookActions actions, TimeProvider time, ILogger logger)
{
    private const int MaxQuoteLength = 200;

    internal HookBounds Bounds { get; } = new(time);

    /// <summary>What the hooks would do, without doing it.</summary>
    internal static IReadOnlyList<HookAction> Plan(Template template, HookChange change, Func<Json5Object> values) =>
        template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
            ? AutomationHooks.Evaluate(template.Hooks, change, values())
            : [];

    /// <summary>Whether a hook waits for one of these changes, whatever its conditions.</summary>
    internal static bool Waits(Template? template, IEnumerable<HookChange> changes) =>
        template is not null
        && changes.Any(change =>
            template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
        );

    /// <summary>Once a bound is reached, nothing more is carried out but the answer to what a person said.</summary>
    /// <param name="depth">How many hooks led to these changes; 0 for a person's own.</param>
    /// <param name="cancellationToken">Ends it between two actions, with nothing noted.</param>
    /// <param name="planned">What the hooks said of the first change already.</param>
    internal async Task RunAsync(
        IHookTarget target,
        IReadOnlyList<HookChange> changes,
        int depth,
        CancellationToken cancellationToken,
        IReadOnlyList<HookAction>? planned = null
    )
    {
        var waiting = new Queue<(HookChange Change, int Depth)>(changes.Select(change => (change, depth)));
        var isOver = false;
        while (waiting.TryDequeue(out var next))
        {
            var steps = planned ?? (target.Template is { } template ? Plan(template, next.Change, target.Values) : []);
            planned = null;
            foreach (var action in steps)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (isOver && (next.Depth > 0 || action is not HookAction.SendToLlm))
                {
                    continue;
                }

                if (Bounds.Refusal(target.Uri, action, next.Depth) is { } why)
                {
                    isOver = true;
                    await NoteAsync(target, new HookNote(next.Change, action, null, why, next.Depth), cancellationToken);
                    continue;
                }

                foreach (var followed in await DoAsync(target, next.Change, action, next.Depth, cancellationToken))
                {
                    waiting.Enqueue((followed, next.Depth + 1));
                }
            }
        }
    }

    private async Task<IReadOnlyList<HookChange>> DoAsync(
        IHookTarget target,
        HookChange change,
        HookAction action,
        int depth,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var (outcome, followed) = await ActAsync(target, action, depth + 1, cancellationToken);
            if (outcome is not null)
            {
                await NoteAsync(target, new HookNote(change, action, outcome, null, depth), cancellationToken);
            }

            return followed;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (FailureException fault)
        {
            await NoteAsync(target, new HookNote(change, action, null, fault.Message, depth), cancellationToken);
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "{Codex}: the hook {Action} failed unexpectedly", target.Uri, action.Name);
            await NoteAsync(
                target,
                new HookNote(change, action, null, "It failed with an internal error. The log has the details.", depth),
                cancellationToken
            );
        }

        return [];
    }

    private async Task<(string? Outcome, IReadOnlyList<HookChange> Followed)> ActAsync(
        IHookTarget target,
        HookAction action,
        int depth,
        CancellationToken cancellationToken
    )
    {
        switch (action)
        {
            case HookAction.SendToLlm:
                return (
                    await target.SendToLlmAsync(depth, cancellationToken) is { } why ? $"Hook send_to_llm did nothing: {why}" : null,
                    []
                );
            case HookAction.SetField(var field, var value):
                var changed = await target.SetFieldAsync(field, HookValues.Fill(value, target.Values()), cancellationToken);
                return (changed.Count > 0 ? $"Hook set {field}." : null, changed);
            case HookAction.SpawnTask(var template, var values):
                return (
                    $"Hook started {await SpawnAsync(template, (Json5Object)HookValues.Fill(values, target.Values()), target.Uri, depth, cancellationToken)}.",
                    []
                );
            case HookAction.Notify(var message):
                var text = HookValues.Fill(message, target.Values());
                actions.Notify(text, target.Uri);
                return ($"Hook said \"{(text.Length <= MaxQuoteLength ? text : text[..MaxQuoteLength] + "…")}\"", []);
            default:
                throw new InvalidOperationException($"No action named {action.Name}.");
        }
    }

    private async Task<string> SpawnAsync(
        string template,
        Json5Object values,
        string spawnedBy,
        int depth,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await actions.SpawnForHookAsync(template, values, spawnedBy, depth, cancellationToken);
        }
        catch
        {
            Bounds.GiveBack(spawnedBy);
            throw;
        }
    }

    /// <summary>A codex that cannot be written to cannot keep it; the log does.</summary>
    private async Task NoteAsync(IHookTarget target, HookNote note, CancellationToken cancellationToken)
    {
        if (note.Error is not null)
        {
            logger.LogWarning("{Codex}: the hook {Action} failed: {Why}", target.Uri, note.Action.Name, note.Error);
        }

        try
        {
            await target.NoteAsync(note, cancellationToken);
        }
        catch (FailureException fault) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(
                "{Codex}: the result of the hook {Action} could not be stored: {Why}",
                target.Uri,
                note.Action.Name,
                fault.Message
            );
        }
    }
}
