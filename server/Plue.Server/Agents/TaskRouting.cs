using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>The model that works on a task, the reason, and the next candidates. Stored with the task.</summary>
/// <param name="Next">The candidates not tried yet, in order.</param>
/// <param name="Tries">The number of failed checks reported to the current candidate.</param>
internal sealed record TaskRouting(
    string Chosen,
    string Reason,
    IReadOnlyList<Rejection> Rejected,
    IReadOnlyList<(string Name, ModelChoice Choice)> Next,
    int Tries
)
{
    public const int MaxTriesPerCandidate = 2;

    internal static TaskRouting Of(Route route) =>
        new(
            route.InOrder[0].Name,
            Routing.WhyChosen(route),
            route.Rejected,
            [.. route.InOrder.Skip(1).Select(candidate => (candidate.Name, candidate.Choice))],
            0
        );

    /// <summary>Gets the routing after the current candidate failed: the first of <see cref="Next"/> takes over.</summary>
    internal TaskRouting Failed(string why) =>
        new(Next[0].Name, $"{Chosen} failed: {why}", [.. Rejected, new Rejection(Chosen, why)], [.. Next.Skip(1)], 0);

    internal JsonElement ToValue() =>
        Json5Conversion.Of(
            Json5Object.Of(
                ("chosen", new Json5String(Chosen)),
                ("why", new Json5String(Reason)),
                (
                    "rejected",
                    Json5Array.Of(
                        Rejected.Select(one =>
                            (Json5Node)Json5Object.Of(("candidate", new Json5String(one.Candidate)), ("why", new Json5String(one.Reason)))
                        )
                    )
                ),
                (
                    "next",
                    Json5Array.Of(
                        Next.Select(one =>
                            (Json5Node)
                                Json5Object.Of(
                                    ("name", new Json5String(one.Name)),
                                    ("provider", new Json5String(one.Choice.ProviderId)),
                                    ("model", new Json5String(one.Choice.Model ?? ""))
                                )
                        )
                    )
                ),
                ("tries", new Json5Number(Tries))
            )
        );

    internal static TaskRouting? Of(StoredChat task)
    {
        if (TaskFields.Find(task, TaskFields.Routing) is not { } value || Json5Conversion.ToJson5(value) is not Json5Object kept)
        {
            return null;
        }

        IEnumerable<Json5Object> Each(string name) => (kept.GetArray(name)?.Items ?? []).OfType<Json5Object>();
        return new TaskRouting(
            kept.GetString("chosen") ?? "",
            kept.GetString("why") ?? "",
            [.. Each("rejected").Select(one => new Rejection(one.GetString("candidate") ?? "", one.GetString("why") ?? ""))],
            [
                .. Each("next")
                    .Select(one =>
                        (
                            one.GetString("name") ?? "",
                            new ModelChoice(one.GetString("provider") ?? "", one.GetString("model") is { Length: > 0 } model ? model : null)
                        )
                    ),
            ],
            kept.GetInteger("tries") ?? 0
        );
    }
}
