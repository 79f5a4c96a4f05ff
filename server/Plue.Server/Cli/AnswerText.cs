using System.Buffers;
using System.Globalization;
using Plue.Server.Chat;

namespace Plue.Server.Cli;

/// <summary>Prints an answer as it comes: the text on stdout, what else there is to say on stderr.</summary>
internal sealed class AnswerText(Terminal terminal) : ITurnSink
{
    /// <summary>What a terminal would act on instead of showing: all control characters but tab and line break.</summary>
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Where(code => code is < 0x20 or >= 0x7F && code is not ('\n' or '\t')).Select(code => (char)code)]);

    private bool hasText;
    private bool endsLine = true;

    public void Publish(TurnEvent turnEvent)
    {
        switch (turnEvent)
        {
            case TurnEvent.TextDelta { Text: var text }:
                Write(text);
                break;
            case TurnEvent.Restarted { Why: var why }:
                EndLine();
                terminal.WriteError($"The answer starts again: {why}");
                break;
            case TurnEvent.Retrying { Until: var until, Why: var why }:
                terminal.WriteError(string.Create(CultureInfo.InvariantCulture, $"{why} Trying again at {until.ToLocalTime():HH:mm:ss}."));
                break;
            case TurnEvent.TurnFinished:
                EndLine();
                break;
        }
    }

    public void Idle() => terminal.Flush();

    private void Write(string text)
    {
        if (text.Length == 0) { return; }

        if (text.AsSpan().IndexOfAny(Controls) >= 0) { text = string.Concat(text.Select(character => Controls.Contains(character) && character != '\r' ? $"⟨U+{(int)character:X4}⟩" : character.ToString())); }
        terminal.Write(text);
        (hasText, endsLine) = (true, text[^1] == '\n');
    }

    private void EndLine()
    {
        if (hasText && !endsLine) { terminal.WriteLine(); }
        endsLine = true;
        terminal.Flush();
    }
}
