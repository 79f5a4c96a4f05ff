using Plue.Protocol;
using Plue.Server.Codices.Skills;

namespace Plue.Server.Rpc;

/// <summary>skill/*: the list of skills, and the user's decisions about them.</summary>
/// <param name="imported">Called with the paths of imported skills, so that the import can be undone.</param>
internal sealed class SkillHandlers(SkillCatalog skills, Action<IReadOnlyList<string>> imported)
{
    public void Register(RpcServer server)
    {
        server.Map(Methods.SkillList, (_, _) => Task.Run(List));
        server.Map(
            Methods.SkillChoose,
            (parameters, _) =>
                Task.Run(() =>
                {
                    switch (parameters.Choice)
                    {
                        case SkillChoice.Approve:
                            skills.Approve(parameters.Folder, parameters.Fingerprint);
                            break;
                        case SkillChoice.Undo:
                            skills.Undo(parameters.Folder);
                            break;
                        default:
                            skills.SetEnabled(parameters.Folder, parameters.Choice == SkillChoice.Enable);
                            break;
                    }

                    return List();
                })
        );
        server.Map(
            Methods.SkillCreate,
            (parameters, _) =>
                Task.Run(() => new SkillFilesResult([skills.Create(parameters.Location, parameters.Name, parameters.Description)]))
        );
        server.Map(
            Methods.SkillImport,
            (parameters, _) =>
                Task.Run(() =>
                {
                    var paths = skills.Import(parameters.Source, parameters.Location);
                    imported(paths);
                    return new SkillFilesResult(paths);
                })
        );
    }

    private SkillListResult List()
    {
        var found = skills.List(out var note);
        return new SkillListResult(
            [.. found.Select(View)],
            [.. skills.Places.Select(View)],
            skills.ForModel(found).Tokens,
            skills.ListLimit,
            note
        );
    }

    private static IReadOnlyList<string> Runs(SkillFile file) =>
        [.. file.RunsDownload ? ["what it downloads"] : Array.Empty<string>(), .. file.Runs];

    private static SkillLocationView View(SkillPlace place) => new(place.Path, place.Title, place.IsWorkspace);

    private SkillView View(FoundSkill found)
    {
        var skill = found.Skill;
        return new SkillView
        {
            Name = skill.Name,
            Description = skill.ShownDescription,
            Folder = skill.Folder,
            Path = skill.Path,
            Location = View(skill.Place),
            State = (Protocol.SkillState)found.State,
            Reason = found.Reason,
            Fingerprint = skill.Sha256,
            Tokens = skill.Tokens,
            ListTokens = found.ListTokens,
            IsForModel = skill.Head.IsForModel,
            IsForUser = skill.Head.IsForUser,
            CanUndo = skills.CanUndo(skill) ? true : null,
            ArgumentHint = skill.Head.ArgumentHint,
            Files =
            [
                .. skill.Files.Select(file => new SkillFileView(
                    file.Path,
                    file.Length,
                    file.IsScript ? true : null,
                    found.Changes.Contains(file.Path) ? true : null,
                    file.HiddenLine,
                    file.IsLinkOut ? true : null,
                    Runs(file) is { Count: > 0 } runs ? runs : null
                )),
            ],
            Problems = [.. skill.Problems.Select(problem => problem.Message)],
        };
    }
}
