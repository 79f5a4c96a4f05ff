using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;

namespace Plue.Server.Agents.Compares;

/// <param name="ProviderId">Null uses the template's.</param>
/// <param name="Run">The id by which its task is found.</param>
/// <param name="Problem">Why it could not start, as a sentence; null if it could.</param>
internal sealed record Contestant(string TemplateId, string? ProviderId, string? Model, string Run, string? Problem = null);

/// <summary>The same goal given to several models or templates. It is stored in the task above theirs.</summary>
/// <param name="Chosen">The addresses of the tasks whose branches were merged.</param>
internal sealed record Compare(IReadOnlyList<Contestant> Contestants, IReadOnlyList<string> Chosen)
{
    /// <returns>Null if the task is not a compare.</returns>
    public static Compare? Of(StoredChat task) =>
        TaskFields.Find(task, TaskFields.Compare) is { ValueKind: JsonValueKind.Object } value
        && Json5Conversion.ToJson5(value) is Json5Object stored
            ? new Compare(
                [
                    .. (stored.GetArray("contestants")?.Items ?? [])
                        .OfType<Json5Object>()
                        .Select(one => new Contestant(
                            one.GetString("template") ?? "",
                            one.GetString("provider"),
                            one.GetString("model"),
                            one.GetString("run") ?? "",
                            one.GetString("problem")
                        )),
                ],
                stored.GetStrings("chosen")
            )
            : null;

    public JsonElement ToValue() =>
        Json5Conversion.Of(
            Json5Object.Of(
                ("contestants", Json5Array.Of(Contestants.Select(one => Json5Object.Of(MembersOf(one))))),
                ("chosen", Json5Array.Of(Chosen))
            )
        );

    private static IEnumerable<(string, Json5Node)> MembersOf(Contestant one)
    {
        (string Name, string? Value)[] members =
        [
            ("template", one.TemplateId),
            ("provider", one.ProviderId),
            ("model", one.Model),
            ("run", one.Run),
            ("problem", one.Problem),
        ];
        return members.Where(member => member.Value is not null).Select(member => (member.Name, (Json5Node)new Json5String(member.Value!)));
    }
}
