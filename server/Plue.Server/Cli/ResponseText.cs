using System.Globalization;
using Plue.Server.Chat;

namespace Plue.Server.Cli;

/// <summary>Prints a response while it streams: the text to stdout, notices to stderr.</summary>
internal sealed class ResponseText(Terminal terminal) : ITurnSink
{
    private bool hasText;
    private bool endsLine = true;

    public void Publish(TurnEvent turnEvent)
    {
        switch (turnEvent)
        {
            case TurnEvent.TextDelta { Text: var text }:
                Write(text);
                break;
            case TurnEvent.Restarted { Reason: var why }:
                EndLine();
                terminal.WriteError($"The response was restarted: {why}");
                break;
            case TurnEvent.Retrying { Until: var until, Reason: var why }:
                terminal.WriteError(string.Create(CultureInfo.InvariantCulture, $"{why} Retrying at {until.ToLocalTime():HH:mm:ss}."));
                break;
            case TurnEvent.TurnFinished:
                EndLine();
                break;
        }
    }

    public void Idle() => terminal.Flush();

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
