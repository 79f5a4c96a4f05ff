using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>The last result of a check of a template.</summary>
/// <param name="Name">The command, or what is checked.</param>
/// <param name="Problem">Why it failed, as a sentence; null if it passed.</param>
internal sealed record CheckResult(string Name, double Seconds, string? Problem)
{
    /// <summary>The name of a check of the result against a schema.</summary>
    public const string Schema = "Schema of the result";

    private const int MaxProblemLength = 2000;

    public static IReadOnlyList<CheckResult> Of(StoredChat task) =>
        TaskFields.Find(task, TaskFields.CheckResults) is { ValueKind: JsonValueKind.Array } value
        && Json5Conversion.ToJson5(value) is Json5Array stored
            ?
            [
                .. stored
                    .Items.OfType<Json5Object>()
                    .Select(one => new CheckResult(one.GetString("check") ?? "", one.GetNumber("seconds") ?? 0, one.GetString("problem"))),
            ]
            : [];

    public static JsonElement ToValue(IEnumerable<CheckResult> results) =>
        Json5Conversion.Of(
            Json5Array.Of(
                results.Select(one =>
                    Json5Object.Of([
                        ("check", new Json5String(one.Name)),
                        ("seconds", new Json5Number(Math.Round(one.Seconds, 2))),
                        .. one.Problem is { } problem
                            ? [("problem", new Json5String(Shortened(problem)))]
                            : Array.Empty<(string, Json5Node)>(),
                    ])
                )
            )
        );

    private static string Shortened(string text) => text.Length <= MaxProblemLength ? text : text[..MaxProblemLength] + "…";
}
