using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <summary>
/// Lets the background model create a title after the first response. Until then, and without a background model, the first line is displayed.
/// </summary>
internal sealed class TitleMaker(ISideModel model, TimeProvider time)
{
    private const int MaxTitleLength = 60;
    private const int MaxQuestionLength = 4000;
    private const int MaxResponseLength = 2000;
    private static readonly TimeSpan TitleTimeout = TimeSpan.FromSeconds(30);

    /// <param name="instructions">The prompt.</param>
    /// <returns>The title, and the hidden message with its cost, to be stored; a null title if the response was unusable.</returns>
    /// <exception cref="FailureException">The model did not respond.</exception>
    public async Task<(string? Title, Message Answer)> MakeAsync(
        string codexId,
        Message question,
        Message answer,
        ModelChoice choice,
        string instructions,
        CancellationToken cancellationToken
    )
    {
        var text =
            $"The user:\n{Beginning(question.Text, MaxQuestionLength)}\n\nThe assistant:\n{Beginning(answer.Text, MaxResponseLength)}";
        var response = await model.AskAsync(
            new SideRequest(codexId, "title", choice, instructions, text, MaxTokens: 200),
            TitleTimeout,
            cancellationToken
        );
        return (TitleIn(response.Text), response.ToHiddenMessage(codexId, time.GetUtcNow()));
    }

    /// <summary>Gets the first line, without quotes and heading marks, because models often add more.</summary>
    public static string? TitleIn(string response)
    {
        var line = response.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0) ?? "";
        if (line.StartsWith("Title:", StringComparison.OrdinalIgnoreCase))
        {
            line = line["Title:".Length..];
        }

        line = string.Concat(line.Where(character => !char.IsControl(character)))
            .Trim(' ', '#', '*', '_', '"', '\'', '`', '“', '”', '‘', '’', '«', '»')
            .TrimEnd('.')
            .Trim();
        if (line.Length == 0)
        {
            return null;
        }
        if (line.Length <= MaxTitleLength)
        {
            return line;
        }

        var cut = line.LastIndexOf(' ', MaxTitleLength - 1);
        if (cut < MaxTitleLength / 2)
        {
            cut = TextCut.Head(line, MaxTitleLength - 1).Length;
        }
        return $"{line[..cut].TrimEnd()}…";
    }

    private static string Beginning(string text, int most) => text.Length <= most ? text : text[..most];
}
