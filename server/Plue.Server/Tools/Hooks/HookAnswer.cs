using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>
/// The parsed result of a hook command, as in Claude Code: exit code 2 refuses with the error output as the reason, other codes except 0 are failures that
/// block only if the hook says so, and with code 0 a JSON object on standard output decides. A hook can never allow a call.
/// </summary>
internal sealed record HookAnswer
{
    private const int RefusalCode = 2;

    public string? Refusal { get; private init; }
    public string? Ask { get; private init; }
    public JsonElement? Parameters { get; private init; }
    public string? Context { get; private init; }

    /// <summary>Gets the message for the user.</summary>
    public string? Message { get; private init; }

    /// <summary>Gets why the command failed, as a sentence; null if it did not.</summary>
    public string? Failure { get; private init; }

    public HookResult Result =>
        Refusal is not null ? HookResult.Refused
        : Failure is not null ? HookResult.Failed
        : Ask is not null ? HookResult.Asked
        : Parameters is not null ? HookResult.Replaced
        : Context is not null ? HookResult.AddedContext
        : HookResult.Ran;

    public static HookAnswer Of(CommandHook hook, HookOutput output)
    {
        if (output.Failure is { } failure)
        {
            return Failed(hook, failure);
        }
        if (output.ExitCode == RefusalCode)
        {
            var reason = output.ErrorText.Length > 0 ? output.ErrorText : "It gave no reason.";
            return hook.Trigger is HookTrigger.AfterTool or HookTrigger.AfterEdit
                ? new HookAnswer { Context = reason }
                : new HookAnswer { Refusal = reason };
        }
        if (output.ExitCode != 0)
        {
            var reason = output.ErrorText.Length > 0 ? output.ErrorText : output.Text.Trim();
            return Failed(
                hook,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The command failed with exit code {output.ExitCode}.{(reason.Length > 0 ? $" {reason}" : "")}"
                )
            );
        }

        var text = output.Text.Trim();
        if (!text.StartsWith('{'))
        {
            return new HookAnswer { Context = text.Length > 0 && TakesText(hook.Trigger) ? text : null };
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(hook, document.RootElement);
        }
        catch (JsonException fault)
        {
            return Failed(hook, $"Its output begins like JSON and is not valid ({fault.Message.TrimEnd('.')}).");
        }
    }

    private static HookAnswer Failed(CommandHook hook, string why) => new() { Failure = why, Refusal = hook.BlocksOnFailure ? why : null };

    /// <summary>True if plain output is context, as in Claude Code.</summary>
    private static bool TakesText(HookTrigger trigger) => trigger is HookTrigger.SessionStart or HookTrigger.UserMessage;

    private static HookAnswer Read(CommandHook hook, JsonElement root)
    {
        var specific = Object(root, "hookSpecificOutput");
        var decision = Object(specific, "decision");
        var permission = Text(specific, "permissionDecision") ?? Text(root, "permissionDecision") ?? Text(decision, "behavior");
        var reason =
            Text(specific, "permissionDecisionReason")
            ?? Text(root, "permissionDecisionReason")
            ?? Text(decision, "message")
            ?? Text(root, "reason");
        var isStopped = root.TryGetProperty("continue", out var continues) && continues.ValueKind == JsonValueKind.False;
        var isBlocked = permission == "deny" || Text(root, "decision") is "block" or "deny" || Text(specific, "decision") is "block";
        var context = Text(specific, "additionalContext") ?? Text(root, "additionalContext");
        var parameters = Object(specific, "updatedInput") ?? Object(decision, "updatedInput") ?? Object(root, "updatedInput");
        // A completed call cannot be refused, so the model gets the reason.
        if (isBlocked && hook.Trigger is HookTrigger.AfterTool or HookTrigger.AfterEdit)
        {
            (isBlocked, context) = (false, string.Join('\n', new[] { reason, context }.OfType<string>()));
        }
        // At the end of a turn, `continue: false` means the opposite of `decision: "block"`: the turn ends.
        if (hook.Trigger == HookTrigger.TurnEnd && isStopped)
        {
            (isStopped, isBlocked) = (false, false);
        }

        return new HookAnswer
        {
            Refusal =
                isStopped ? Text(root, "stopReason") ?? reason ?? "It gave no reason."
                : isBlocked ? reason ?? "It gave no reason."
                : null,
            Ask = permission == "ask" ? reason ?? "It gave no reason." : null,
            Parameters = hook.Trigger == HookTrigger.BeforeTool ? parameters?.Clone() : null,
            Context = string.IsNullOrWhiteSpace(context) ? null : context,
            Message = Text(root, "systemMessage"),
        };
    }

    private static JsonElement? Object(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } from
        && from.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Object
            ? value
            : null;

    private static string? Text(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } from
        && from.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? HiddenCharacters.Visible(value.GetString() ?? "")
            : null;
}
