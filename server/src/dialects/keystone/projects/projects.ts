/**
 * Projects (Identity API v3, "Projects" and "Project tags"): the containers that roles are granted on, in a tree under
 * each domain. What a domain shows of itself as a domain is in `../domains`; grants on projects are not made here.
 */
import { createProject } from './create-project.ts'
import { deleteProject } from './delete-project.ts'
import { listProjects } from './list-projects.ts'
import { showProject } from './show-project.ts'
import { tagOperations } from './tags.ts'
import { updateProject } from './update-project.ts'

export const projectOperations = [
  listProjects,
  createProject,
  showProject,
  updateProject,
  deleteProject,
  ...tagOperations,
]
