using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Asks the user a question with two to four options or for free text. The runner asks it, and the answer is the result.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class AskUserTool(string description) : ITool
{
    public const string ToolName = "ask_user";

    private const int MaxQuestionLength = 2000;
    private const int MaxLabelLength = 200;
    private const int MaxAnswerLength = 10_000;
    private const int MinOptions = 2;
    private const int MaxOptions = 4;
    private const string Choice = "choice";
    private const string Text = "text";

    // Cannot be the value of an option, because those are numbers.
    private const string Other = "other";

    private const string Schema =
        """{"type":"object","properties":{"question":{"type":"string","maxLength":2000},"options":{"type":"array","minItems":2,"maxItems":4,"items":{"type":"object","properties":{"label":{"type":"string","maxLength":200},"description":{"type":"string","maxLength":200}},"required":["label"],"additionalProperties":false}}},"required":["question"],"additionalProperties":false}""";

    public string Name => ToolName;
    public ToolDeclaration Declaration { get; } = new(ToolName, description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "question", "options");
        var question = given.Text("question").Trim();
        if (question.Length is 0 or > MaxQuestionLength)
        {
            throw new ToolFailureException($"`question` must have 1 to {MaxQuestionLength} characters. Nothing was asked.");
        }

        return Task.FromResult<PlannedCall>(new Call(HiddenCharacters.Visible(question), OptionsOf(given)));
    }

    private static IReadOnlyList<QuestionOption> OptionsOf(ToolParameters given)
    {
        if (!given.Has("options"))
        {
            return [];
        }

        var options = given
            .List("options")
            .Select(
                (element, at) =>
                {
                    if (element.ValueKind != JsonValueKind.Object)
                    {
                        throw new ToolFailureException("Each of `options` must be an object with a `label`. Nothing was asked.");
                    }

                    var option = new ToolParameters(element, "label", "description");
                    var (label, about) = (option.Text("label").Trim(), option.OptionalText("description") ?? "");
                    return label.Length <= MaxLabelLength && about.Length <= MaxLabelLength
                        ? new QuestionOption($"{at + 1}", HiddenCharacters.VisibleLine(about.Length == 0 ? label : $"{label}: {about}"))
                        : throw new ToolFailureException(
                            $"A label and a description have at most {MaxLabelLength} characters each. Nothing was asked."
                        );
                }
            )
            .ToList();
        return options.Count is >= MinOptions and <= MaxOptions
            ? options
            : throw new ToolFailureException(
                $"`options` has {MinOptions} to {MaxOptions} entries. Nothing was asked. Leave it out to ask for text."
            );
    }

    private sealed class Call(string question, IReadOnlyList<QuestionOption> options) : PlannedCall
    {
        private string answer = "";

        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Question;
        public override string ActionText => question;

        public override Question? Question { get; } =
            new(
                options.Count == 0
                    ? [new QuestionField(Text, QuestionKind.Text, "Answer") { IsRequired = true, Max = MaxAnswerLength }]
                    :
                    [
                        new QuestionField(Choice, QuestionKind.Choice, "Answer")
                        {
                            IsRequired = true,
                            Options = [.. options, new QuestionOption(Other, "Something else")],
                        },
                        new QuestionField(Text, QuestionKind.Text, "Details") { Max = MaxAnswerLength },
                    ]
            );

        public override void Answered(ApprovalAnswer given)
        {
            if (given.Decision == ApprovalDecision.Deny)
            {
                answer = string.IsNullOrWhiteSpace(given.Reason)
                    ? "The user gave no answer. Do not ask this again. Continue with the safest assumption and state it, or stop."
                    : $"The user declined to choose and wrote: {given.Reason}";
                return;
            }

            using var values = JsonDocument.Parse(given.Values ?? "{}");
            var chosen = options.FirstOrDefault(option => option.Value == ValueOf(values, Choice))?.Title;
            var text = ValueOf(values, Text);
            answer = (chosen, text) switch
            {
                (null, null) => "The user chose none of the options.",
                (null, _) => $"The user answered: {text}",
                (_, null) => $"The user chose: {chosen}",
                _ => $"The user chose: {chosen}\nand wrote: {text}",
            };
        }

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(answer));

        private static string? ValueOf(JsonDocument values, string name) =>
            values.RootElement.TryGetProperty(name, out var value) && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text)
                ? text
                : null;
    }
}
