using Microsoft.Extensions.Logging;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>A codex whose template has hooks: a chat, task or item.</summary>
internal interface IHookTarget
{
    string Uri { get; }

    /// <summary>Gets the template; null if it is missing or its workspace is not trusted, so that no hooks run.</summary>
    Template? Template { get; }

    /// <summary>Gets all current field values, including defaults of the template.</summary>
    Json5Object Values();

    /// <returns>The resulting changes.</returns>
    /// <exception cref="FailureException">The value is not valid for the field.</exception>
    Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken);

    /// <param name="depth">The hook depth of what follows from the response.</param>
    /// <returns>Why no response was requested, as a sentence; null if one was.</returns>
    /// <exception cref="FailureException">The provider cannot be used.</exception>
    Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken);

    Task NoteAsync(HookNote note, CancellationToken cancellationToken);
}

/// <summary>The outcome or error of a hook action.</summary>
internal sealed record HookNote(HookChange Change, HookAction Action, string? Outcome, string? Error, int Depth);

/// <summary>
/// Runs the hooks of templates. A change leads to actions, whose changes can lead to further actions, within <see cref="HookBounds"/>. A hook that fails is
/// noted in its codex and stops nothing else.
/// </summary>
internal sealed class Automation(IHookActions actions, TimeProvider time, ILogger logger)
{
    private const int MaxQuoteLength = 200;

    internal HookBounds Bounds { get; } = new(time);

    /// <summary>Gets the actions of the matching hooks without running them.</summary>
    internal static IReadOnlyList<HookAction> Plan(Template template, HookChange change, Func<Json5Object> values) =>
        template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
            ? AutomationHooks.Evaluate(template.Hooks, change, values())
            : [];

    /// <summary>True if a hook is registered for one of these changes, regardless of its conditions.</summary>
    internal static bool Waits(Template? template, IEnumerable<HookChange> changes) =>
        template is not null
        && changes.Any(change =>
            template.Hooks.Any(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
        );

    /// <summary>Runs the hooks for these changes. After a limit is reached, only the response to a user's message still runs.</summary>
    /// <param name="depth">The number of hooks that led to these changes; 0 for the user's own.</param>
    /// <param name="cancellationToken">Cancels between two actions, without a note.</param>
    /// <param name="planned">The actions already determined for the first change.</param>
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
            Bounds.RemoveCount(spawnedBy);
            throw;
        }
    }

    /// <summary>Errors are also logged, because a read-only codex cannot store the note.</summary>
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
