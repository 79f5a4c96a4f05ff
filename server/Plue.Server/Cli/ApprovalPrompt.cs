using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary>Asks for approvals and answers of agents in the terminal. Other windows of the same home show them, too; the first decision counts.</summary>
internal sealed class ApprovalPrompt(Terminal terminal, Keyboard keyboard, Approvals approvals, Func<string, string> mask)
{
    private readonly LineEditor editor = new(terminal, keyboard);

    /// <summary>Returns everything that will be done, without the name of the tool, with hidden characters as visible text.</summary>
    /// <param name="ruleLabel">Text before the rule that "always" stores; null to leave the rule out.</param>
    public static IEnumerable<string> LinesOf(ApprovalRequest request, string? ruleLabel)
    {
        foreach (
            var (label, text) in new[]
            {
                ("", request.ActionText),
                ("In ", request.Location),
                ("Sandbox: ", request.Sandbox),
                ("", request.Question is null ? request.Reason : null),
                (ruleLabel ?? "", ruleLabel is null ? null : request.Rule),
                ("", request.Diff),
            }
        )
        {
            foreach (var line in string.IsNullOrEmpty(text) ? [] : $"{label}{text}".TrimEnd('\n').Split('\n'))
            {
                yield return HiddenCharacters.Visible(line);
            }
        }
    }

    /// <summary>Asks for one approval. Returns without a decision if it was withdrawn or decided elsewhere.</summary>
    public async Task AskAsync(PendingApproval pending, CancellationToken cancellationToken)
    {
        // Not disposed, because a change can be reported at any moment.
        var ended = new CancellationTokenSource();
        await using var registration = cancellationToken.Register(ended.Cancel);
        void Check()
        {
            if (approvals.Pending.All(one => one.Id != pending.Id))
            {
                ended.Cancel();
            }
        }

        approvals.Changed += Check;
        try
        {
            Check();
            if (!ended.IsCancellationRequested)
            {
                await DecideAsync(pending, ended.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            terminal.WriteError("\nIt was decided elsewhere, or is not needed anymore.");
        }
        finally
        {
            approvals.Changed -= Check;
            editor.Clear();
        }
    }

    private async Task DecideAsync(PendingApproval pending, CancellationToken cancellationToken)
    {
        var request = pending.Request;
        // The path of a subtask; the chat itself is known.
        var who = request.Path.Count > 1 ? $" ({HiddenCharacters.VisibleLine(string.Join(" > ", request.Path))})" : "";
        terminal.WriteError(mask(request.Question is null ? $"\n{request.ToolName} needs your approval{who}:" : $"\nThe agent asks{who}:"));
        foreach (var line in LinesOf(request, null))
        {
            terminal.WriteError(mask($"    {line}"));
        }

        ApprovalAnswer? answer;
        do
        {
            answer = request.Question is { } question
                ? await AnswerAsync(question, cancellationToken)
                : await ChooseAsync(request, cancellationToken);
        } while (!TryAnswer(pending, answer));
    }

    /// <returns>False if the answer is invalid and the user should try again.</returns>
    private bool TryAnswer(PendingApproval pending, ApprovalAnswer answer)
    {
        try
        {
            approvals.Answer(pending.Id, pending.Fingerprint, answer, includeEqual: false);
        }
        catch (FailureException fault) when (fault.Failure.Kind == FailureKind.NotFound)
        {
            throw new OperationCanceledException(fault.Message, fault);
        }
        catch (FailureException fault)
        {
            terminal.WriteError(mask(fault.Message));
            return false;
        }

        return true;
    }

    private async Task<ApprovalAnswer> ChooseAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        var mayAlways = request is { Rule: not null, RuleFolder: not null };
        if (mayAlways)
        {
            terminal.WriteError(mask($"    Always allows {HiddenCharacters.VisibleLine($"{request.Rule} in {request.RuleFolder}")}."));
        }

        switch (
            await KeyAsync(
                mayAlways ? "Allow? [y]es, [n]o, [a]lways: " : "Allow? [y]es, [n]o: ",
                mayAlways ? "yna" : "yn",
                cancellationToken
            )
        )
        {
            case 'y':
                return new ApprovalAnswer(ApprovalDecision.Once);
            case 'a':
                return new ApprovalAnswer(ApprovalDecision.Always, Rule: request.Rule);
            default:
                var reason = await editor.ReadAsync("Reason for the agent, or Enter: ", cancellationToken);
                return new ApprovalAnswer(ApprovalDecision.Deny, string.IsNullOrWhiteSpace(reason) ? null : reason);
        }
    }

    /// <summary>Asks for each field of a form.</summary>
    private async Task<ApprovalAnswer> AnswerAsync(Question question, CancellationToken cancellationToken)
    {
        if (question.Url is { } url)
        {
            terminal.WriteError(mask($"    {HiddenCharacters.VisibleLine(url.OriginalString)}"));
            return await KeyAsync("Open this address in your browser. Go on? [y]es, [n]o: ", "yn", cancellationToken) == 'y'
                ? new ApprovalAnswer(ApprovalDecision.Once)
                : new ApprovalAnswer(ApprovalDecision.Deny);
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var field in question.Fields)
            {
                var typed = await FieldAsync(field, cancellationToken);
                if (typed is null)
                {
                    return new ApprovalAnswer(ApprovalDecision.Deny);
                }

                Write(writer, field, typed.Length == 0 ? string.Join(',', field.Defaults) : typed);
            }

            writer.WriteEndObject();
        }

        return new ApprovalAnswer(ApprovalDecision.Once, Values: Encoding.UTF8.GetString(buffer.ToArray()));
    }

    /// <returns>Null if the user gives no answer.</returns>
    private async Task<string?> FieldAsync(QuestionField field, CancellationToken cancellationToken)
    {
        var number = 0;
        foreach (var option in field.Options)
        {
            terminal.WriteError(
                mask(string.Create(CultureInfo.InvariantCulture, $"    {++number}  {HiddenCharacters.VisibleLine(option.Title)}"))
            );
        }
        if (field.Description is { } description)
        {
            terminal.WriteError(mask($"    {HiddenCharacters.VisibleLine(description)}"));
        }

        var hint = field.Kind switch
        {
            QuestionKind.Choice => " (number)",
            QuestionKind.Choices => " (numbers, with commas)",
            QuestionKind.Boolean => " (yes or no)",
            _ when !field.IsRequired => " (optional)",
            _ => "",
        };
        return await editor.ReadAsync(mask($"{HiddenCharacters.VisibleLine(field.Title)}{hint}: "), cancellationToken) is { } typed
            ? typed.Trim()
            : null;
    }

    /// <summary>Writes a value if there is one. A wrong value is written as text, so that the check of the question explains it.</summary>
    private static void Write(Utf8JsonWriter writer, QuestionField field, string typed)
    {
        if (typed.Length == 0)
        {
            return;
        }

        writer.WritePropertyName(field.Name);
        switch (field.Kind)
        {
            case QuestionKind.Boolean when typed is ['y' or 'Y' or 't', ..] or ['n' or 'N' or 'f', ..]:
                writer.WriteBooleanValue(typed[0] is 'y' or 'Y' or 't');
                break;
            case QuestionKind.Number
            or QuestionKind.Integer when decimal.TryParse(typed, NumberStyles.Number, CultureInfo.InvariantCulture, out var number):
                writer.WriteNumberValue(number);
                break;
            case QuestionKind.Choice:
                writer.WriteStringValue(OptionOf(field, typed));
                break;
            case QuestionKind.Choices:
                writer.WriteStartArray();
                foreach (var one in typed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                {
                    writer.WriteStringValue(OptionOf(field, one));
                }
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(typed);
                break;
        }
    }

    /// <summary>Finds an option by its position, its title or its value.</summary>
    private static string OptionOf(QuestionField field, string typed) =>
        int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at >= 1 && at <= field.Options.Count
            ? field.Options[at - 1].Value
            : field.Options.FirstOrDefault(option => option.Title.Equals(typed, StringComparison.OrdinalIgnoreCase))?.Value ?? typed;

    private async Task<char> KeyAsync(string question, string choices, CancellationToken cancellationToken)
    {
        terminal.WriteToDisplay(question);
        keyboard.Discard();
        while (true)
        {
            var key =
                await keyboard.ReadAsync(cancellationToken)
                ?? throw new OperationCanceledException("The terminal is gone.", cancellationToken);
            var choice = key.Key == ConsoleKey.Escape ? 'n' : char.ToLowerInvariant(key.KeyChar);
            if (choices.Contains(choice, StringComparison.Ordinal))
            {
                terminal.WriteError(choice.ToString());
                return choice;
            }
        }
    }
}
