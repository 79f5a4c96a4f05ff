using System.Globalization;
using Plue.Server.Acp;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary>Prints a response while it streams: the text to stdout, tool calls and notices to stderr, one line each.</summary>
/// <param name="mask">Masks secrets in the lines of tool calls.</param>
/// <param name="folders">The folders to which the paths of tool calls are relative.</param>
internal sealed class ResponseText(Terminal terminal, Func<string, string> mask, WorkspaceFolders? folders = null) : ITurnSink
{
    private const int MaxErrorLength = 200;

    private readonly Dictionary<string, AgentToolCall> calls = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> callsByPart = [];
    private readonly HashSet<string> shownCalls = new(StringComparer.Ordinal);
    private bool hasText;
    private bool endsLine = true;

    public void Publish(TurnEvent turnEvent)
    {
        switch (turnEvent)
        {
            case TurnEvent.TextDelta { Text: var text }:
                Write(text);
                break;
            case TurnEvent.ToolCallStarted { PartIndex: var part, ToolUseId: var id, ToolName: var name }:
                callsByPart[part] = id;
                calls[id] = new AgentToolCall(id, name, folders);
                break;
            case TurnEvent.ToolCallDelta { PartIndex: var part, Text: var text }:
                if (callsByPart.TryGetValue(part, out var started) && calls[started].Append(text))
                {
                    ShowCall(started);
                }
                break;
            case TurnEvent.ToolCallRepaired { ToolUseId: var id, Parameters: var parameters }:
                if (calls.TryGetValue(id, out var repaired) && repaired.Complete(parameters))
                {
                    ShowCall(id);
                }
                break;
            case TurnEvent.ToolCallFinished { ToolUseId: var id, Error: var error }:
                ShowCall(id);
                if (error is not null)
                {
                    Notice($"  failed: {FirstLine(error)}");
                }
                break;
            case TurnEvent.MessageFinished:
                callsByPart.Clear();
                break;
            case TurnEvent.FallbackUsed { ProviderInfo.FallbackReason: { } why }:
                Notice(why);
                break;
            case TurnEvent.Waiting { For: var what }:
                Notice($"Waiting: {what}");
                break;
            case TurnEvent.Restarted { Reason: var why }:
                Notice($"The response was restarted: {why}");
                break;
            case TurnEvent.Retrying { Until: var until, Reason: var why }:
                Notice(string.Create(CultureInfo.InvariantCulture, $"{why} Retrying at {until.ToLocalTime():HH:mm:ss}."));
                break;
            case TurnEvent.TurnFinished:
                EndLine();
                calls.Clear();
                shownCalls.Clear();
                break;
        }
    }

    public void Idle() => terminal.Flush();

    /// <summary>Prints a complete message, which came from another window.</summary>
    public void Show(Message message)
    {
        if (message.Role == MessageRole.User)
        {
            Notice($"> {message.Text}");
        }
        else if (message.Text.Length > 0)
        {
            Write(message.Text);
            EndLine();
        }
    }

    /// <summary>Prints a line that is not part of the response.</summary>
    public void Notice(string line)
    {
        EndLine();
        var masked = mask(HiddenCharacters.Visible(line));
        terminal.WriteError(terminal.HasColor ? $"\e[2m{masked}\e[0m" : masked);
    }

    private void ShowCall(string id)
    {
        if (calls.TryGetValue(id, out var call) && shownCalls.Add(id))
        {
            Notice($"* {(call.IsCommand ? $"bash: {call.Title}" : call.Title)}");
        }
    }

    private static string FirstLine(string text)
    {
        var line = HiddenCharacters.VisibleLine(text.AsSpan().Trim().ToString().Split('\n', 2)[0]);
        return line.Length <= MaxErrorLength ? line : $"{line[..MaxErrorLength]}…";
    }

    private void Write(string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (HasControl(text))
        {
            text = string.Concat(text.Select(character => IsControl(character) ? $"⟨U+{(int)character:X4}⟩" : character.ToString()));
        }
        terminal.Write(text);
        (hasText, endsLine) = (true, text[^1] == '\n');
    }

    private static bool HasControl(string text)
    {
        foreach (var character in text)
        {
            if (IsControl(character))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if a terminal would interpret the character: all control characters except whitespace.</summary>
    private static bool IsControl(char character) => char.IsControl(character) && character is not ('\n' or '\t' or '\r');

    private void EndLine()
    {
        if (hasText && !endsLine)
        {
            terminal.WriteLine();
        }
        endsLine = true;
        terminal.Flush();
    }
}
