using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>Enums are converted to protocol enums by value, so both must have the same members.</summary>
public partial class WireEnumTests
{
    private static readonly (Type Wire, Type Ours)[] Pairs =
    [
        (typeof(Plue.Protocol.ApprovalDecision), typeof(Plue.Server.Permissions.ApprovalDecision)),
        (typeof(Plue.Protocol.ApprovalKind), typeof(Plue.Server.Permissions.ApprovalKind)),
        (typeof(Plue.Protocol.QuestionKind), typeof(Plue.Server.Permissions.QuestionKind)),
        (typeof(Plue.Protocol.AttachmentKind), typeof(Plue.Server.Chat.AttachmentKind)),
        (typeof(Plue.Protocol.AttachmentQuestion), typeof(Plue.Server.Chat.AttachmentQuestion)),
        (typeof(Plue.Protocol.AuthType), typeof(Plue.Server.Providers.AuthType)),
        (typeof(Plue.Protocol.CodexLayer), typeof(Plue.Server.Templates.TemplateLayer)),
        (typeof(Plue.Protocol.CodexStatus), typeof(Plue.Server.Store.ChatStatus)),
        (typeof(Plue.Protocol.EditKind), typeof(Plue.Server.Worktrees.WorktreeChange)),
        (typeof(Plue.Protocol.ExportFormat), typeof(Plue.Server.Transfer.ChatFileFormat)),
        (typeof(Plue.Protocol.FieldType), typeof(Plue.Server.Templates.FieldType)),
        (typeof(Plue.Protocol.FindingKind), typeof(Plue.Server.Codices.FindingKind)),
        (typeof(Plue.Protocol.HealthAction), typeof(Plue.Server.Health.HealthAction)),
        (typeof(Plue.Protocol.HealthState), typeof(Plue.Server.Health.HealthState)),
        (typeof(Plue.Protocol.HostReferenceKind), typeof(Plue.Server.Editor.ReferenceKind)),
        (typeof(Plue.Protocol.HookResult), typeof(Plue.Server.Messages.HookResult)),
        (typeof(Plue.Protocol.HostWriteOutcome), typeof(Plue.Server.Editor.EditorWriteOutcome)),
        (typeof(Plue.Protocol.MessageRole), typeof(Plue.Server.Messages.MessageRole)),
        (typeof(Plue.Protocol.MessageStatus), typeof(Plue.Server.Messages.MessageStatus)),
        (typeof(Plue.Protocol.PlanStepState), typeof(Plue.Server.Agents.Plans.PlanStepStatus)),
        (typeof(Plue.Protocol.ReviewSourceKind), typeof(Plue.Server.Reviews.ReviewSource)),
        (typeof(Plue.Protocol.ReviewSeverity), typeof(Plue.Server.Reviews.FindingSeverity)),
        (typeof(Plue.Protocol.ReviewState), typeof(Plue.Server.Reviews.FindingState)),
        (typeof(Plue.Protocol.SkillState), typeof(Plue.Server.Codices.Skills.SkillState)),
        (typeof(Plue.Protocol.InstructionSourceKind), typeof(Plue.Server.Messages.InstructionKind)),
        (typeof(Plue.Protocol.StopReason), typeof(Plue.Server.Messages.StopReason)),
        (typeof(Plue.Protocol.ProgramImportKind), typeof(Plue.Server.Transfer.Programs.ImportKind)),
        (typeof(Plue.Protocol.TodoState), typeof(Plue.Server.Agents.StepState)),
    ];

    public static TheoryData<Type, Type> All => [.. Pairs.Select(pair => new TheoryDataRow<Type, Type>(pair.Wire, pair.Ours))];

    [Theory]
    [MemberData(nameof(All))]
    public void Enums_of_wire_and_domain_have_the_same_members_with_the_same_values(Type wire, Type ours) =>
        Assert.Equal(Places(wire), Places(ours));

    /// <summary><see cref="Plue.Protocol.CamelCaseEnumConverter{T}"/> uses a value as the index of its name.</summary>
    [Fact]
    public void Wire_enums_are_written_by_name_and_count_from_zero() =>
        Assert.All(
            typeof(Plue.Protocol.Methods).Assembly.GetTypes().Where(type => type.IsEnum),
            type =>
            {
                Assert.Equal(typeof(int), Enum.GetUnderlyingType(type));
                Assert.Equal(
                    typeof(Plue.Protocol.CamelCaseEnumConverter<>).MakeGenericType(type),
                    type.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType
                );
                Assert.Equal(Enumerable.Range(0, Enum.GetNames(type).Length), Places(type).Select(member => member.Place));
            }
        );

    [Theory]
    [InlineData("\"assistant\"", true)]
    [InlineData("\"Assistant\"", false)]
    [InlineData("\"user, assistant\"", false)]
    [InlineData("\"robot\"", false)]
    [InlineData("\"\"", false)]
    [InlineData("1", false)]
    [InlineData("null", false)]
    public void Only_exact_names_of_a_wire_enum_are_read(string json, bool isValid)
    {
        var role = (JsonTypeInfo<Plue.Protocol.MessageRole>)Plue.Protocol.Wire.Options.GetTypeInfo(typeof(Plue.Protocol.MessageRole));
        if (isValid)
        {
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, role), role));
        }
        else
        {
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, role));
        }
    }

    [Fact]
    public void Enums_cast_for_the_wire_are_compared()
    {
        var paired = Pairs.SelectMany(pair => (string[])[pair.Wire.Name, pair.Ours.Name]).ToHashSet(StringComparer.Ordinal);
        var ofWire = typeof(Plue.Protocol.Methods).Assembly.GetTypes().Where(type => type.IsEnum).Select(type => type.Name);
        var casts = Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "server", "Plue.Server"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Cast().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Where(ofWire.Concat(paired).ToHashSet(StringComparer.Ordinal).Contains)
            .ToHashSet(StringComparer.Ordinal);
        Assert.Subset(paired, casts);
        Assert.All(
            Pairs,
            pair => Assert.True(casts.Contains(pair.Wire.Name) || casts.Contains(pair.Ours.Name), $"{pair.Wire.Name} is cast nowhere.")
        );
    }

    private static IEnumerable<(string Name, int Place)> Places(Type type) =>
        Enum.GetNames(type)
            .Select(name => (name, Convert.ToInt32(Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture)));

    [GeneratedRegex(@"\((?:\w+\.)*(\w+)\)[a-z_(]")]
    private static partial Regex Cast();
}
