namespace Plue.Server.Providers.Bedrock;

/// <summary>What AWS requests are signed with.</summary>
/// <param name="Source">Where they come from, for sentences: <c>the AWS keys in the environment</c>.</param>
/// <param name="Advice">What a person does when they are refused: a sentence.</param>
/// <param name="ExpiresAt">Null where that is not known.</param>
internal sealed record AwsKeys(
    string AccessKeyId,
    string SecretAccessKey,
    string? SessionToken,
    string Source,
    string Advice,
    DateTimeOffset? ExpiresAt = null
)
{
    public override string ToString() => "***";
}
