using System.Collections.Concurrent;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// The skills that list their tools and were loaded since the last message of the user. Until the next message, calls of other tools that change something need
/// an approval each time. Like a parent's rights, they can only restrict the agent. Thread-safe.
/// </summary>
internal sealed class LoadedSkills(SkillCatalog skills)
{
    // By file and version: a skill that changes or is deleted later still restricts as loaded.
    private readonly ConcurrentDictionary<(string, string), (string Name, IReadOnlyList<string>? Rules)> known = new();

    private volatile Running? running;

    private sealed record Running(string? Question, IReadOnlyList<InstructionSource> Sources);

    /// <summary>Adds skills of a running response. Like those of stored messages, they apply until the next message of the user.</summary>
    public void Add(IReadOnlyList<Message> messages, IReadOnlyList<InstructionSource> sources)
    {
        List<InstructionSource> added = [.. sources.Where(source => source.Kind == InstructionKind.Skill)];
        if (added.Count > 0)
        {
            var question = QuestionOf(messages);
            running = new Running(question, running is { } before && before.Question == question ? [.. before.Sources, .. added] : added);
        }
    }

    public IEnumerable<Rights> Restrict(Rights agent, IReadOnlyList<Message> messages)
    {
        var start = messages.ToList().FindLastIndex(message => message.Role == MessageRole.User);
        var unstored = running is { } now && now.Question == QuestionOf(messages) ? now.Sources : [];
        foreach (
            var source in messages
                .Skip(start)
                .SelectMany(InstructionSources)
                .Concat(unstored)
                .DistinctBy(source => (source.Source, source.Version.ToString()))
        )
        {
            var (name, rules) = known.GetOrAdd(
                (source.Source, source.Version.ToString()),
                _ =>
                    skills.FindFolder(Path.GetDirectoryName(source.Source) ?? "")?.Skill is { } skill
                        ? (skill.Name, SkillToolRules.Rules(skill.Head))
                        : (source.Title, null)
            );
            if (rules is not null)
            {
                yield return agent with
                {
                    Title = name,
                    Skill = name,
                    Permissions = new AgentPermissions(rules, [], []),
                    Mode = PermissionMode.Ask,
                };
            }
        }
    }

    private static string? QuestionOf(IReadOnlyList<Message> messages) =>
        messages.LastOrDefault(message => message.Role == MessageRole.User)?.Id;

    /// <summary>Gets the skills that a message loaded or invoked.</summary>
    private static IEnumerable<InstructionSource> InstructionSources(Message message) =>
        message
            .Parts.SelectMany(part =>
                part switch
                {
                    MessagePart.ToolResult result => result.Instructions,
                    MessagePart.File { Skill: { } skill } => [skill],
                    _ => [],
                }
            )
            .Where(source => source.Kind == InstructionKind.Skill);
}
